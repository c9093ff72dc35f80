import { ContainerModule } from 'inversify'
import { MongoClient } from 'mongodb'
import { createEventStoreDbClient, disposeEventStoreDbClient } from '../eventlog/eventStoreDb/client.js'
import { eventStoreDbFeed } from '../eventlog/eventStoreDb/eventStoreDbFeed.js'
import { eventStoreDbStore } from '../eventlog/eventStoreDb/eventStoreDbStore.js'
import { eventStoreDbWorkQueue } from '../eventlog/eventStoreDb/eventStoreDbWorkQueue.js'
import { openPool } from '../projections/postgres/pool.js'
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
    ({ postgresUrl: connectionString }, logger) =>
      openPool({ connectionString, max: 10, name: 'flowledger' }, (reason) =>
        logger.warn({ reason }, 'a PostgreSQL connection was lost'),
      ),
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
