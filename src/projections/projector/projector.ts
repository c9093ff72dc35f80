import type { MongoClient } from 'mongodb'
import type { Pool } from 'pg'
import { messageOf } from '../../domain/errors.js'
import { categories } from '../../domain/streams.js'
import type { EventFeed } from '../../eventlog/eventFeed.js'
import type { EventStore } from '../../eventlog/eventStore.js'
import type { Projection } from '../model/projection.js'
import type { MongoNames } from '../mongo/names.js'
import { migrate } from '../postgres/migrate.js'
import type { SchemaNames } from '../postgres/names.js'
import { createPace } from '../rebuild/pace.js'
import { createBackoff, sleep } from '../runner/backoff.js'
import { type Ownership, openOwnership } from '../runner/ownership.js'
import { createTail, type Tail } from '../runner/tail.js'
import type { RunnerStatus } from './runnerStatus.js'
import { openServedProjection, type ServedProjection } from './servedProjection.js'
import { reportStatus } from './statusReports.js'
import { createStores } from './stores.js'

export interface ProjectorDependencies {
  readonly feed: EventFeed
  readonly streams: Pick<EventStore, 'readStream'>
  readonly projections: readonly Projection[]
  readonly postgresUrl: string
  readonly pool: Pool
  readonly mongo: MongoClient
  readonly schemas: SchemaNames
  readonly mongoNames: MongoNames
  readonly log: (line: string) => void
  readonly now?: () => Date
}

/** Feeds every projection that no other process feeds, and does what operators ask of them. */
export interface Projector {
  /** Resolves when the tables are there and the first round of locks was tried; goes on in the background until `stop`. */
  start(): Promise<void>
  stop(): Promise<void>
  /** Of the projections that this process feeds. */
  status(): readonly RunnerStatus[]
}

/** A full queue that does not move may hold up the others for so long. */
const patienceMs = 500
const retryMs = 1_000

/** By version, so that during an upgrade the old program goes on feeding its rows while the new one builds its own. */
const lockOf = ({ name, version }: Projection): string => `projection ${name} v${version}`

const furthest = (served: readonly ServedProjection[]): bigint | null =>
  served.reduce<bigint | null>(
    (most, { position }) => (position !== null && (most === null || position > most) ? position : most),
    null,
  )

export const createProjector = (dependencies: ProjectorDependencies): Projector => {
  const { feed, streams, projections, postgresUrl, pool, schemas, log, now = () => new Date() } = dependencies
  const stores = createStores(dependencies)
  // All that the program writes, whatever is fed here: so the tail always knows where the log ends, and says it to those who wait.
  const allPrefixes = categories.map((category) => `${category}-`)
  const pace = createPace()
  const stopping = new AbortController()
  const serving = new Map<string, ServedProjection>()
  let work: Promise<void> = Promise.resolve()

  const open = async (projection: Projection, tail: Tail): Promise<ServedProjection> => {
    const served = await openServedProjection({
      projection,
      feed,
      streams,
      tail,
      allPrefixes,
      stores,
      pace,
      pool,
      schemas,
      now,
      log,
    })
    serving.set(projection.name, served)
    return served
  }

  /** Feeds one projection whenever this process has its lock, until the session ends. */
  const keepServing = async (
    projection: Projection,
    ownership: Ownership,
    tail: Tail,
    first: ServedProjection | undefined,
    onServing: (served: ServedProjection) => void,
    session: AbortSignal,
  ): Promise<void> => {
    let served = first
    let locked = first !== undefined
    while (!session.aborted) {
      try {
        locked ||= await ownership.acquire(lockOf(projection))
        if (locked) {
          served ??= await open(projection, tail)
          onServing(served)
          await served.run(session)
        }
      } catch (error) {
        if (!session.aborted) log(`${projection.name}: ${messageOf(error)}`)
      }
      serving.delete(projection.name)
      served = undefined
      if (session.aborted) return
      if (locked)
        await ownership
          .release(lockOf(projection))
          .catch((error: unknown) => log(`${projection.name}: ${messageOf(error)}`))
      locked = false
      await sleep(retryMs / 2 + Math.random() * retryMs, session)
    }
  }

  /** Everything that hangs on one connection with the locks. */
  const session = async (onStarted: () => void): Promise<void> => {
    const ownership = await openOwnership(postgresUrl, schemas, {
      onRequest: (projection) => serving.get(projection)?.wake(),
      onReads: pace.others,
    })
    const controller = new AbortController()
    const signal = AbortSignal.any([stopping.signal, ownership.lost, controller.signal])
    const following: Promise<void>[] = []
    try {
      const tail = createTail({ feed, prefixes: allPrefixes, patienceMs, onEvent: () => pace.others(1) })
      const first = new Map<string, ServedProjection>()
      for (const projection of projections) {
        if (await ownership.acquire(lockOf(projection))) first.set(projection.name, await open(projection, tail))
      }
      // Those that are further behind catch up by themselves, so the tail begins where the furthest one is. A process that
      // feeds nothing has no subscription.
      const follow = (served: ServedProjection) => {
        if (following.length > 0) return
        const running = tail.run(furthest(first.size > 0 ? [...first.values()] : [served]), signal)
        following.push(running)
        running.catch((error: unknown) => {
          log(`projector: ${messageOf(error)}`)
          controller.abort()
        })
      }
      onStarted()
      await Promise.all([
        reportStatus({ pool, schemas, status, log }, signal),
        ...projections.map((each) => keepServing(each, ownership, tail, first.get(each.name), follow, signal)),
      ])
    } finally {
      controller.abort()
      await Promise.allSettled(following)
      serving.clear()
      await ownership.close().catch(() => undefined)
    }
  }

  const status = () => [...serving.values()].map((served) => served.status())

  const keepGoing = async (onStarted: () => void): Promise<void> => {
    const backoff = createBackoff()
    while (!stopping.signal.aborted) {
      try {
        await session(() => {
          backoff.reset()
          onStarted()
        })
      } catch (error) {
        if (stopping.signal.aborted) return
        log(`projector: ${messageOf(error)}`)
      }
      if (!stopping.signal.aborted) await sleep(backoff.next(), stopping.signal)
    }
  }

  return {
    start: async () => {
      await migrate(pool, schemas)
      await new Promise<void>((resolve) => {
        work = keepGoing(resolve)
      })
    },
    stop: async () => {
      stopping.abort()
      await work
    },
    status,
  }
}
