// The rebuilding process of its own, so that its memory and CPU can be told, without a loader of TypeScript: `node rebuildProcess.mjs <config>`.
import { START, streamNameFilter } from '@eventstore/db-client'
import { MongoClient } from 'mongodb'
import pg from 'pg'
import { v7 as uuidv7 } from 'uuid'
import { createEventStoreDbClient, disposeEventStoreDbClient } from '../../dist/eventlog/eventStoreDb/client.js'
import { eventStoreDbFeed } from '../../dist/eventlog/eventStoreDb/eventStoreDbFeed.js'
import { eventStoreDbStore } from '../../dist/eventlog/eventStoreDb/eventStoreDbStore.js'
import { executionsProjection } from '../../dist/projections/definitions/executions.js'
import { defaultMongoNames } from '../../dist/projections/mongo/names.js'
import { createProjectionOperations } from '../../dist/projections/operations/createProjectionOperations.js'
import { defaultSchemas } from '../../dist/projections/postgres/names.js'
import { createProjector } from '../../dist/projections/projector/projector.js'

const config = JSON.parse(process.argv[2] ?? '{}')
const client = createEventStoreDbClient(config.eventstoreUrl)

/** What the client can deliver at best: the same filter, a handler that does nothing. */
const emptySubscription = (from) =>
  new Promise((resolve, reject) => {
    let events = 0
    const cpu = process.cpuUsage()
    const started = performance.now()
    const subscription = from.subscribeToAll({
      fromPosition: START,
      filter: streamNameFilter({ prefixes: ['execution-'] }),
    })
    subscription.on('data', () => {
      events += 1
    })
    subscription.on('error', reject)
    subscription.on('caughtUp', () => {
      const seconds = (performance.now() - started) / 1_000
      const used = process.cpuUsage(cpu)
      subscription
        .unsubscribe()
        .then(() => resolve({ events, seconds, cpu: (used.user + used.system) / events }), reject)
    })
  })

const pool = new pg.Pool({ connectionString: config.postgresUrl, max: 6 })
const mongo = new MongoClient(config.mongoUrl)
const shared = {
  postgresUrl: config.postgresUrl,
  pool,
  mongo,
  feed: eventStoreDbFeed(client),
  streams: eventStoreDbStore(client),
  projections: [executionsProjection],
  schemas: defaultSchemas,
  mongoNames: defaultMongoNames,
  log: (line) => console.error(line),
}
let peak = 0
const watch = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss())
}, 50)

const empty = await emptySubscription(client)
const projector = createProjector(shared)
const operations = createProjectionOperations({ ...shared, record: async () => undefined })
const began = performance.now()
await projector.start()
await operations.start()
const head = await shared.feed.head()
while (projector.status()[0]?.position !== head) await new Promise((resolve) => setTimeout(resolve, 20))
const firstBuild = (performance.now() - began) / 1_000
const again = await emptySubscription(client)
peak = 0
const cpu = process.cpuUsage()
const started = performance.now()
const { id } = await operations.rebuild(
  {
    actor: { kind: 'system', id: 'bench', name: 'bench' },
    commandId: uuidv7(),
    correlationId: uuidv7(),
    now: new Date().toISOString(),
  },
  'executions',
)
let replayed = 0
const marks = {}
for await (const rebuild of operations.progress(id)) {
  marks[rebuild.state] ??= (performance.now() - started) / 1_000
  replayed = rebuild.processed
  if (process.stderr.isTTY) console.error(rebuild.state, rebuild.processed, rebuild.eventsPerSecond, rebuild.etaSeconds)
}
const used = process.cpuUsage(cpu)
const replaySeconds = (marks.catching_up ?? marks.verifying ?? marks.swapped ?? 0) - (marks.replaying ?? 0)
const final = await operations.findRebuild('executions', id)
clearInterval(watch)
console.log(
  JSON.stringify({
    events: empty.events,
    emptyPerSecond: Math.round(empty.events / empty.seconds),
    emptyAgainPerSecond: Math.round(again.events / again.seconds),
    liveBuildPerSecond: Math.round(empty.events / firstBuild),
    replayPerSecond: Math.round(replayed / replaySeconds),
    ratio: Math.round((100 * replayed) / replaySeconds / (again.events / again.seconds)) / 100,
    marks,
    verification: final.verification?.equal,
    peakMegabytes: Math.round(peak / 1024 / 1024),
    emptyCpuMicrosPerEvent: Math.round(again.cpu * 10) / 10,
    cpuMicrosPerEvent: Math.round(((used.user + used.system) / replayed) * 10) / 10,
  }),
)
await operations.stop()
await projector.stop()
await pool.end()
await mongo.close()
await disposeEventStoreDbClient(client)
