import { ContainerModule } from 'inversify'
import { MongoClient } from 'mongodb'
import { Pool } from 'pg'
import { createEventStoreDbClient, disposeEventStoreDbClient } from '../eventlog/eventStoreDb/client.js'
import { eventStoreDbFeed } from '../eventlog/eventStoreDb/eventStoreDbFeed.js'
import { eventStoreDbStore } from '../eventlog/eventStoreDb/eventStoreDbStore.js'
import { eventStoreDbWorkQueue } from '../eventlog/eventStoreDb/eventStoreDbWorkQueue.js'
import { provide } from './provide.js'
import { tokens as t } from './tokens.js'

/** The clients of the three stores, and the log's ports over its client. */
export const storesModule = new ContainerModule((options) => {
  provide(
    options,
    t.logClient,
    [t.stores],
    ({ eventStoreUrl }) => createEventStoreDbClient(eventStoreUrl),
    disposeEventStoreDbClient,
  )
  provide(options, t.store, [t.logClient], eventStoreDbStore)
  provide(options, t.feed, [t.logClient], eventStoreDbFeed)
  provide(options, t.queue, [t.logClient], eventStoreDbWorkQueue)
  provide(
    options,
    t.pool,
    [t.stores, t.logger],
    ({ postgresUrl }, logger) => {
      const pool = new Pool({ connectionString: postgresUrl, max: 10, application_name: 'flowledger' })
      // An idle connection that the server closes is replaced at its next use.
      pool.on('error', ({ message }) => {
        if (!pool.ending) logger.warn({ reason: message }, 'a PostgreSQL connection was lost')
      })
      return pool
    },
    (pool) => pool.end(),
  )
  provide(
    options,
    t.mongo,
    [t.stores],
    ({ mongoUrl }) => new MongoClient(mongoUrl, { appName: 'flowledger', maxPoolSize: 10 }),
    (mongo) => mongo.close(),
  )
})
