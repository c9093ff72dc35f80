import type { Config } from '../config.js'
import { type DataDirectory, openDataDirectory } from '../embedded/dataDirectory/index.js'
import { startEmbeddedEventStore } from '../embedded/eventstore/index.js'
import { startEmbeddedMongo } from '../embedded/mongo/index.js'
import { startEmbeddedPostgres } from '../embedded/postgres/index.js'
import { stopAll } from './stopAll.js'

/** Where the three stores are, whether they are somebody's servers or were started here. */
export interface Stores {
  readonly eventStoreUrl: string
  readonly postgresUrl: string
  readonly mongoUrl: string
  /** There where at least one of them is embedded. */
  readonly directory: DataDirectory | undefined
  /** Rejects as soon as an embedded store has ended without being asked to. */
  readonly failure: Promise<never>
  /** Stops what was started here, the log last, and gives the directory back. */
  stop(): Promise<void>
}

interface Service {
  readonly connectionString: string
  stop(): Promise<void>
}

const given = (url: string): Service => ({ connectionString: url, stop: async () => {} })

/** Starts each store whose URL is missing; the others are taken as they are. Stops all again where one fails. */
export const startStores = async (config: Config, log: (line: string) => void): Promise<Stores> => {
  const { EVENTSTORE_URL, POSTGRES_URL, MONGO_URL, DATA_DIR } = config
  const allGiven = EVENTSTORE_URL !== undefined && POSTGRES_URL !== undefined && MONGO_URL !== undefined
  const directory = allGiven ? undefined : await openDataDirectory(DATA_DIR)
  const folder = async (name: string): Promise<string> => {
    if (directory === undefined) throw new Error('there is no data directory')
    return directory.folder(name)
  }
  let fail: (error: Error) => void = () => undefined
  const failure = new Promise<never>((_, reject) => {
    fail = reject
  })
  failure.catch(() => undefined)
  const startLog = async (): Promise<Service> => {
    if (EVENTSTORE_URL !== undefined) return given(EVENTSTORE_URL)
    const server = await startEmbeddedEventStore({ directory: await folder('eventstore') })
    void server.ended.then((error) => error !== undefined && fail(error))
    return server
  }
  const started = await Promise.allSettled([
    startLog(),
    POSTGRES_URL === undefined
      ? folder('postgres').then((path) => startEmbeddedPostgres({ directory: path, log }))
      : given(POSTGRES_URL),
    MONGO_URL === undefined
      ? folder('mongo').then((path) => startEmbeddedMongo({ directory: path, log }))
      : given(MONGO_URL),
  ])
  const stop = async () => {
    const services = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
    await stopAll([...services.toReversed().map((service) => () => service.stop()), async () => directory?.release()])
  }
  const [log_, postgres, mongo] = started
  if (log_.status === 'rejected' || postgres.status === 'rejected' || mongo.status === 'rejected') {
    await stop().catch((error: unknown) => log(`a store did not stop as it should: ${String(error)}`))
    throw [log_, postgres, mongo].find((result) => result.status === 'rejected')?.reason
  }
  return {
    eventStoreUrl: log_.value.connectionString,
    postgresUrl: postgres.value.connectionString,
    mongoUrl: mongo.value.connectionString,
    directory,
    failure,
    stop,
  }
}
