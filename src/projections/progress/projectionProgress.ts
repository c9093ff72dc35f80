import type { MongoClient } from 'mongodb'
import type { Pool } from 'pg'
import type { Projection } from '../model/projection.js'
import { mongoGenerationStore } from '../mongo/mongoGenerationStore.js'
import { defaultMongoNames, type MongoNames } from '../mongo/names.js'
import { createChannel } from '../postgres/channel.js'
import { defaultSchemas, progressChannel, type SchemaNames } from '../postgres/names.js'
import { postgresGenerationStore } from '../postgres/postgresGenerationStore.js'
import { createPositions } from './positions.js'

/** What a wait ended with. `position`: up to where the projection has applied the log; null: nothing yet. */
export interface WaitResult {
  readonly reached: boolean
  readonly position: bigint | null
}

/** Read your writes: a consistency token is a log position, and a read waits until its projection has passed it. */
export interface ProjectionProgress {
  /** Resolves at once when the projection is known to be there, else when it is, or after `timeoutMs`. */
  waitFor(projection: string, position: bigint, timeoutMs: number): Promise<WaitResult>
  start(): Promise<void>
  stop(): Promise<void>
}

export interface ProjectionProgressDependencies {
  readonly postgresUrl: string
  readonly pool: Pool
  readonly mongo: MongoClient
  readonly projections: readonly Projection[]
  readonly schemas?: SchemaNames
  readonly mongoNames?: MongoNames
  readonly log: (line: string) => void
}

/** A notification can be lost with its connection; while somebody waits the checkpoint is looked at so often. */
const pollMs = 250

/** Hears of checkpoints by NOTIFY, in the transaction that moves them, and looks itself where it hears nothing. */
export const createProjectionProgress = (dependencies: ProjectionProgressDependencies): ProjectionProgress => {
  const { postgresUrl, pool, mongo, projections, log } = dependencies
  const { schemas = defaultSchemas, mongoNames = defaultMongoNames } = dependencies
  const positions = createPositions()
  const stores = { postgres: postgresGenerationStore(pool, schemas), mongo: mongoGenerationStore(mongo, mongoNames) }

  const hear = (payload: string) => {
    const [name, position] = payload.split(' ')
    if (name !== undefined && position !== undefined && position !== '') positions.moved(name, BigInt(position))
  }

  const look = async (name: string): Promise<void> => {
    const projection = projections.find((candidate) => candidate.name === name)
    if (projection === undefined) throw new Error(`there is no projection ${name}`)
    const active = (await stores[projection.store].list(projection)).find(({ state }) => state === 'active')
    if (active?.position !== undefined && active.position !== null) positions.moved(name, active.position)
  }

  /** However many wait: one look at a time, and none while the last one is fresh. */
  const looking = new Map<string, { readonly at: number; readonly done: Promise<void> }>()
  const lookOnce = (name: string): Promise<void> => {
    const last = looking.get(name)
    if (last !== undefined && performance.now() - last.at < pollMs) return last.done
    const done = look(name)
    looking.set(name, { at: performance.now(), done })
    return done
  }

  const waitFor = async (name: string, position: bigint, timeoutMs: number): Promise<WaitResult> => {
    const until = performance.now() + timeoutMs
    for (let first = true; ; first = false) {
      if (positions.has(name, position)) return { reached: true, position: positions.of(name) }
      // At first a moment for the notification that is on its way, then a look.
      if (!first || positions.of(name) === null) await lookOnce(name)
      const left = until - performance.now()
      if (positions.has(name, position)) continue
      if (left <= 0) return { reached: false, position: positions.of(name) }
      await positions.whenAt(name, position, Math.min(left, pollMs))
    }
  }

  const channel = createChannel({
    connectionString: postgresUrl,
    channel: progressChannel(schemas),
    log,
    onHeard: hear,
  })

  return { waitFor, start: channel.start, stop: channel.stop }
}
