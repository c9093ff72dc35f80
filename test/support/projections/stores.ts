import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbeddedMongo } from '../../../src/embedded/mongo/index.js'
import { startEmbeddedPostgres } from '../../../src/embedded/postgres/index.js'

export interface TestStores {
  readonly postgresUrl: string
  readonly mongoUrl: string
  stop(): Promise<void>
}

/** The embedded PostgreSQL and MongoDB, or real ones where TEST_POSTGRES_URL and TEST_MONGO_URL say so. */
export const startTestStores = async (): Promise<TestStores> => {
  const directory = await mkdtemp(join(tmpdir(), 'flowledger-projections-'))
  const stops: (() => Promise<void>)[] = [() => rm(directory, { recursive: true, force: true })]
  const stop = async () => {
    for (const each of stops.reverse()) await each()
  }
  try {
    const start = async (url: string | undefined, name: string, begin: typeof startEmbeddedMongo) => {
      if (url !== undefined) return url
      const { mkdir } = await import('node:fs/promises')
      await mkdir(join(directory, name), { mode: 0o700 })
      const server = await begin({ directory: join(directory, name) })
      stops.push(() => server.stop())
      return server.connectionString
    }
    const postgresUrl = await start(process.env.TEST_POSTGRES_URL, 'postgres', startEmbeddedPostgres)
    const mongoUrl = await start(process.env.TEST_MONGO_URL, 'mongo', startEmbeddedMongo)
    return { postgresUrl, mongoUrl, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
