// Asks for rebuilds from a process of its own: `node --import tsx askingProcess.ts <config as JSON>`. Says `ready`, then reads names of
// projections from stdin, a line each, and answers each with the rebuild's id or the code of the refusal. Ends with stdin.
import { createInterface } from 'node:readline'
import { MongoClient } from 'mongodb'
import pg from 'pg'
import { createEventStoreDbClient, disposeEventStoreDbClient } from '../../../src/eventlog/eventStoreDb/client.js'
import { eventStoreDbFeed } from '../../../src/eventlog/eventStoreDb/eventStoreDbFeed.js'
import { eventStoreDbStore } from '../../../src/eventlog/eventStoreDb/eventStoreDbStore.js'
import { projections } from '../../../src/projections/definitions/index.js'
import { defaultMongoNames } from '../../../src/projections/mongo/names.js'
import { createProjectionOperations } from '../../../src/projections/operations/createProjectionOperations.js'
import { defaultSchemas } from '../../../src/projections/postgres/names.js'
import type { ProjectorConfig } from '../../../src/projections/runProjector.js'
import { operator } from './harness.js'

const config = JSON.parse(process.argv[2] ?? '') as ProjectorConfig
const client = createEventStoreDbClient(config.eventstoreUrl)
const pool = new pg.Pool({ connectionString: config.postgresUrl, max: 2 })
const mongo = await new MongoClient(config.mongoUrl).connect()
const operations = createProjectionOperations({
  postgresUrl: config.postgresUrl,
  pool,
  mongo,
  feed: eventStoreDbFeed(client),
  streams: eventStoreDbStore(client),
  projections,
  // What was done waits in its table for those who write it into the log.
  record: async () => {
    throw new Error('this process does not append')
  },
  schemas: config.schemas ?? defaultSchemas,
  mongoNames: config.mongoNames ?? defaultMongoNames,
  log: () => undefined,
})
await pool.query('SELECT 1')
await operations.status('executions')
console.log('ready')
for await (const name of createInterface({ input: process.stdin })) {
  const answer = await operations.rebuild(operator(), name).then(
    ({ id }) => ({ id }),
    (error: { code?: string }) => ({ code: error.code ?? String(error) }),
  )
  console.log(JSON.stringify(answer))
}
await operations.stop()
await pool.end()
await mongo.close()
await disposeEventStoreDbClient(client)
