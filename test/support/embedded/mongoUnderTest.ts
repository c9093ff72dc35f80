import { randomBytes } from 'node:crypto'
import { MongoClient } from 'mongodb'
import { startEmbeddedMongo } from '../../../src/embedded/mongo/index.js'
import { makeTemporaryFolder, removeFolder } from './temporaryFolder.js'

export interface MongoUnderTest {
  readonly client: MongoClient
  readonly databaseName: string
  /** Whether it is the embedded server, not one that the tester brought. */
  readonly embedded: boolean
  close(): Promise<void>
}

/** The server of `TEST_MONGO_URL` (a standalone one), else the embedded one; with a database of its own. */
export const openMongoUnderTest = async (): Promise<MongoUnderTest> => {
  const url = process.env.TEST_MONGO_URL
  const directory = makeTemporaryFolder()
  const server = url === undefined ? await startEmbeddedMongo({ directory }) : undefined
  const client = new MongoClient(url ?? server?.connectionString ?? '', { serverSelectionTimeoutMS: 5_000 })
  const databaseName = `flowledger_test_${randomBytes(4).toString('hex')}`
  await client.connect()
  return {
    client,
    databaseName,
    embedded: server !== undefined,
    close: async () => {
      await client.db(databaseName).dropDatabase()
      await client.close()
      await server?.stop()
      removeFolder(directory)
    },
  }
}
