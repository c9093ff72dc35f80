import { MongoClient } from 'mongodb'
import { createEventStoreDbClient, disposeEventStoreDbClient } from '../eventlog/eventStoreDb/client.js'
import { eventStoreDbFeed } from '../eventlog/eventStoreDb/eventStoreDbFeed.js'
import { eventStoreDbStore } from '../eventlog/eventStoreDb/eventStoreDbStore.js'
import { projections as allProjections } from './definitions/index.js'
import { defaultMongoNames, type MongoNames } from './mongo/names.js'
import { defaultSchemas, type SchemaNames } from './postgres/names.js'
import { openPool } from './postgres/pool.js'
import { createProjector } from './projector/projector.js'
import type { RunnerStatus } from './projector/runnerStatus.js'

/** Plain data, so that it can be handed to a worker thread. */
export interface ProjectorConfig {
  readonly eventstoreUrl: string
  readonly postgresUrl: string
  readonly mongoUrl: string
  readonly schemas?: SchemaNames
  readonly mongoNames?: MongoNames
  /** Names of projections; default: all. */
  readonly only?: readonly string[]
}

export interface RunningProjector {
  /** Drains what is under way, leaves its checkpoints and closes its connections. */
  stop(): Promise<void>
  status(): Promise<readonly RunnerStatus[]>
}

/** Feeds the read models, with clients of its own. Resolves when it has begun. */
export const runProjector = async (config: ProjectorConfig, log: (line: string) => void): Promise<RunningProjector> => {
  const { eventstoreUrl, postgresUrl, mongoUrl, only } = config
  const client = createEventStoreDbClient(eventstoreUrl)
  const mongo = new MongoClient(mongoUrl, { appName: 'flowledger projector', maxPoolSize: 5 })
  const pool = openPool({ connectionString: postgresUrl, max: 4, name: 'flowledger projector' }, (reason) =>
    log(`projector: a PostgreSQL connection was lost: ${reason}`),
  )
  const projector = createProjector({
    feed: eventStoreDbFeed(client),
    streams: eventStoreDbStore(client),
    projections: only === undefined ? allProjections : allProjections.filter(({ name }) => only.includes(name)),
    postgresUrl,
    pool,
    mongo,
    schemas: config.schemas ?? defaultSchemas,
    mongoNames: config.mongoNames ?? defaultMongoNames,
    log,
  })
  const close = async () => {
    await projector.stop()
    await Promise.allSettled([pool.end(), mongo.close(), disposeEventStoreDbClient(client)])
  }
  try {
    await projector.start()
  } catch (error) {
    await close()
    throw error
  }
  return { stop: close, status: async () => projector.status() }
}
