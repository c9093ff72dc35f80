import type { MongoClient } from 'mongodb'
import type { Pool } from 'pg'
import type { EventFeed } from '../../eventlog/eventFeed.js'
import type { EventStore } from '../../eventlog/eventStore.js'
import type { Projection } from '../model/projection.js'
import { defaultMongoNames, type MongoNames } from '../mongo/names.js'
import { createChannel } from '../postgres/channel.js'
import { defaultSchemas, rebuildChannel, type SchemaNames } from '../postgres/names.js'
import { createStores } from '../projector/stores.js'
import { createRebuildRecords } from '../rebuild/rebuildRecords.js'
import { createRequestRecords } from '../rebuild/requestRecords.js'
import { verifyLive } from '../rebuild/verifyLive.js'
import { estimateRebuild } from './estimateRebuild.js'
import type { RecordOperation } from './operationRecorder.js'
import { createOperationsContext } from './operationsContext.js'
import type { ProjectionOperations } from './projectionOperations.js'
import { createStatusQueries } from './projectionStatus.js'
import { createProjectorRequests } from './projectorRequests.js'
import { createRebuilds } from './rebuilds.js'

export interface ProjectionOperationsDependencies {
  readonly postgresUrl: string
  readonly pool: Pool
  readonly mongo: MongoClient
  readonly feed: EventFeed
  readonly streams: Pick<EventStore, 'readStream'>
  readonly projections: readonly Projection[]
  /** Writes into the log what was done; the same id twice is one event. */
  readonly record: RecordOperation
  readonly schemas?: SchemaNames
  readonly mongoNames?: MongoNames
  readonly log: (line: string) => void
  readonly now?: () => Date
}

/** `start` lets it hear of progress and write operations into the log; the rest works without. */
export interface RunningProjectionOperations extends ProjectionOperations {
  start(): Promise<void>
  stop(): Promise<void>
}

const sampledStreams = 50
/** What the projector did goes into the log at the latest after so long. */
const recordMs = 2_000

export const createProjectionOperations = (
  dependencies: ProjectionOperationsDependencies,
): RunningProjectionOperations => {
  const { postgresUrl, pool, mongo, feed, streams, projections, record, log } = dependencies
  const { schemas = defaultSchemas, mongoNames = defaultMongoNames, now = () => new Date() } = dependencies
  const records = createRebuildRecords(pool, schemas)
  const requests = createRequestRecords(pool, schemas)
  const stores = createStores({ postgresUrl, pool, mongo, schemas, mongoNames })
  const channel = createChannel({ connectionString: postgresUrl, channel: rebuildChannel(schemas), log })
  const shared = { pool, schemas, feed, stores, records }
  const context = createOperationsContext({ ...shared, streams, requests, channel, projections, record, log })
  const status = createStatusQueries({ ...shared, storeOf: context.storeOf, now })
  const stopping = new AbortController()
  let recording: Promise<void> = Promise.resolve()

  const keepRecording = async () => {
    while (!stopping.signal.aborted) {
      await context.recordNow()
      await channel.next('', recordMs)
    }
  }

  return {
    ...createRebuilds(context),
    ...createProjectorRequests(context),
    list: () => Promise.all(projections.map((projection) => status.of(projection))),
    status: async (name) => status.of(context.projectionNamed(name)),
    dryRun: async (name) => estimateRebuild(context, context.projectionNamed(name)),
    verify: async (name, options = {}) => {
      const projection = context.projectionNamed(name)
      const live = { generations: stores.generations(projection), streams }
      return verifyLive(live, projection, options.streams ?? sampledStreams, options.signal)
    },
    start: async () => {
      await channel.start()
      recording = keepRecording()
    },
    stop: async () => {
      stopping.abort()
      await channel.stop()
      await recording
      await context.close()
    },
  }
}
