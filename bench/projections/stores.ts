import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbeddedEventStore } from '../../src/embedded/eventstore/index.js'
import { startEmbeddedMongo } from '../../src/embedded/mongo/index.js'
import { startEmbeddedPostgres } from '../../src/embedded/postgres/index.js'

/** The three embedded stores in a directory of their own. */
export const startBenchStores = async () => {
  const directory = await mkdtemp(join(tmpdir(), 'flowledger-bench-'))
  const folder = async (name: string) => {
    await mkdir(join(directory, name), { mode: 0o700 })
    return join(directory, name)
  }
  const postgres = await startEmbeddedPostgres({ directory: await folder('postgres') })
  const mongo = await startEmbeddedMongo({ directory: await folder('mongo') })
  const eventstore = await startEmbeddedEventStore({ directory: await folder('eventstore') })
  return {
    eventstoreUrl: eventstore.connectionString,
    postgresUrl: postgres.connectionString,
    mongoUrl: mongo.connectionString,
    postgresPid: postgres.pid,
    stop: async () => {
      await eventstore.stop()
      await mongo.stop()
      await postgres.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
