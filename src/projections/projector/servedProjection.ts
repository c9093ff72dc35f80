import type { Pool } from 'pg'
import type { EventFeed } from '../../eventlog/eventFeed.js'
import type { EventStore } from '../../eventlog/eventStore.js'
import type { Projection } from '../model/projection.js'
import type { SchemaNames } from '../postgres/names.js'
import type { RebuildContext } from '../rebuild/context.js'
import type { Pace } from '../rebuild/pace.js'
import { createRebuildRecords } from '../rebuild/rebuildRecords.js'
import { createRequestRecords } from '../rebuild/requestRecords.js'
import type { Tail } from '../runner/tail.js'
import type { Generation, GenerationRef } from '../store/projectionStore.js'
import { type Feeder, startFeeder } from './feeder.js'
import { requestBuildOfVersion } from './newVersion.js'
import { createOperator } from './operator.js'
import { describeFeeder, type RunnerStatus } from './runnerStatus.js'
import type { Stores } from './stores.js'

export interface ServeDependencies {
  readonly projection: Projection
  readonly feed: EventFeed
  readonly streams: Pick<EventStore, 'readStream'>
  readonly tail: Tail
  readonly allPrefixes: readonly string[]
  readonly stores: Stores
  readonly pace: Pace
  readonly pool: Pool
  readonly schemas: SchemaNames
  readonly now: () => Date
  readonly log: (line: string) => void
}

/** One projection that this process owns: its generations are fed, and what operators ask for is done. */
export interface ServedProjection {
  readonly projection: Projection
  /** Checkpoint of the live generation. */
  readonly position: bigint | null
  status(): RunnerStatus
  /** Looks for requests now. */
  wake(): void
  /** Runs until the signal aborts; rejects when this process must let go of the projection. */
  run(signal: AbortSignal): Promise<void>
}

/** Finds the live generation, and makes the first one where there is none. */
const liveGeneration = async ({ projection, stores }: ServeDependencies): Promise<Generation> => {
  const generations = stores.generations(projection)
  const found = await generations.list(projection)
  const active = found.find(({ state }) => state === 'active')
  if (active !== undefined) return active
  const generation = Math.max(1, ...found.map((each) => each.generation))
  await generations.prepare({ projection, generation }, { indexed: true })
  await generations.activate({ projection, generation })
  return { generation, version: projection.version, state: 'active', position: null }
}

export const openServedProjection = async (dependencies: ServeDependencies): Promise<ServedProjection> => {
  const { projection, feed, streams, tail, allPrefixes, stores, pace, pool, schemas, now, log } = dependencies
  const generations = stores.generations(projection)
  const records = createRebuildRecords(pool, schemas)
  const first = await liveGeneration(dependencies)
  const feeders = new Map<number, Promise<Feeder>>()
  const started = new Map<number, Feeder>()
  let active = first.generation
  let session: AbortSignal | undefined
  let fail: (error: unknown) => void = () => undefined

  const start = async (ref: GenerationRef): Promise<Feeder> => {
    if (session === undefined) throw new Error(`${projection.name} is not served`)
    const store = stores.open(projection, `generation ${ref.generation}`)
    const announces = () => ref.generation === active
    const feeder = await startFeeder({ ref, store, feed, streams, tail, allPrefixes, announces }, session)
    started.set(ref.generation, feeder)
    feeder.done.catch((error: unknown) => fail(error))
    return feeder
  }

  const feederFor = (ref: GenerationRef): Promise<Feeder> => {
    const known = feeders.get(ref.generation)
    if (known !== undefined) return known
    const starting = start(ref)
    feeders.set(ref.generation, starting)
    starting.catch(() => feeders.delete(ref.generation))
    return starting
  }

  const context: RebuildContext = {
    projection,
    feed,
    streams,
    records,
    pace,
    generations,
    openStore: (purpose) => stores.open(projection, purpose),
    feederFor,
    activeFeeder: () => started.get(active),
    stopFeeder: async (generation) => {
      const feeder = started.get(generation)
      feeders.delete(generation)
      started.delete(generation)
      await feeder?.stop()
    },
    activated: (generation) => {
      active = generation
    },
    now,
    log,
  }
  const operator = createOperator({ context, requests: createRequestRecords(pool, schemas) })

  const run = async (signal: AbortSignal) => {
    const controller = new AbortController()
    session = AbortSignal.any([signal, controller.signal])
    const failed = new Promise<never>((_, reject) => {
      fail = reject
    })
    failed.catch(() => undefined)
    const adjusting: Promise<void>[] = []
    const sayThat = (error: unknown) => log(`indexes of ${projection.name}: ${String(error)}`)
    try {
      const known = await generations.list(projection)
      for (const { generation, version, state } of known) {
        const fed = version === projection.version && (state === 'active' || state === 'kept')
        if (!fed) continue
        await feederFor({ projection, generation })
        // Beside the feeding: on many rows it takes a while.
        adjusting.push(generations.adjustIndexes({ projection, generation }).catch(sayThat))
      }
      if (first.version < projection.version) {
        // Once more, so that its views have the columns that this program's readers ask for.
        await generations.activate({ projection, generation: first.generation })
        await requestBuildOfVersion(context, first)
      } else if (first.version > projection.version) {
        log(
          `${projection.name} is of version ${first.version}, newer than this program's ${projection.version}: not fed`,
        )
      }
      await Promise.race([operator.run(session), failed])
    } finally {
      controller.abort()
      await operator.settled()
      await Promise.all(adjusting)
      await Promise.all([...started.values()].map((feeder) => feeder.stop()))
      feeders.clear()
      started.clear()
    }
  }

  return {
    projection,
    get position() {
      return started.get(active)?.runner.position ?? first.position
    },
    status: () => {
      const isOtherVersion = active === first.generation && first.version !== projection.version
      return describeFeeder(projection, active, started.get(active), operator.rebuilding, tail.position, isOtherVersion)
    },
    wake: operator.wake,
    run,
  }
}
