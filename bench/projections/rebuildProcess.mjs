// Builds or rebuilds `executions` in a process of its own, so that its memory and CPU can be told, without a loader of TypeScript:
// `node rebuildProcess.mjs <config> build|rebuild`. What another phase left in memory would be taken for the rebuild's.
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
const projector = createProjector(shared)
const operations = createProjectionOperations({ ...shared, record: async () => undefined })

async function build() {
  const empty = await emptySubscription(client)
  const began = performance.now()
  await projector.start()
  await operations.start()
  const head = await shared.feed.head()
  while (projector.status()[0]?.position !== head) await new Promise((resolve) => setTimeout(resolve, 20))
  const seconds = (performance.now() - began) / 1_000
  return {
    events: empty.events,
    emptyBeforePerSecond: Math.round(empty.events / empty.seconds),
    liveBuildPerSecond: Math.round(empty.events / seconds),
  }
}

async function rebuild() {
  await projector.start()
  await operations.start()
  let peak = 0
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss())
  }, 50)
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
  for await (const { state, processed, eventsPerSecond, etaSeconds } of operations.progress(id)) {
    marks[state] ??= (performance.now() - started) / 1_000
    replayed = processed
    if (process.stderr.isTTY) console.error(state, processed, eventsPerSecond, etaSeconds)
  }
  const used = process.cpuUsage(cpu)
  clearInterval(watch)
  const seconds = (marks.catching_up ?? marks.verifying ?? marks.swapped ?? 0) - (marks.replaying ?? 0)
  const final = await operations.findRebuild('executions', id)
  const empty = await emptySubscription(client)
  return {
    emptyAfterPerSecond: Math.round(empty.events / empty.seconds),
    replayPerSecond: Math.round(replayed / seconds),
    ratio: Math.round((100 * replayed) / seconds / (empty.events / empty.seconds)) / 100,
    marks,
    verification: final.verification?.equal,
    peakMegabytes: Math.round(peak / 1024 / 1024),
    emptyCpuMicrosPerEvent: Math.round(empty.cpu * 10) / 10,
    cpuMicrosPerEvent: Math.round(((used.user + used.system) / replayed) * 10) / 10,
  }
}

console.log(JSON.stringify(await (process.argv[3] === 'build' ? build() : rebuild())))
await operations.stop()
await projector.stop()
await pool.end()
await mongo.close()
await disposeEventStoreDbClient(client)
