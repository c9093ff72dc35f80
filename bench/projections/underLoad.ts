// Reads and writes while `executions` is rebuilt: node --import tsx bench/projections/underLoad.ts [events before it] [writes/s] [reads/s]
import { MongoClient } from 'mongodb'
import pg from 'pg'
import { v7 as uuidv7 } from 'uuid'
import { createEventStoreDbClient, disposeEventStoreDbClient } from '../../src/eventlog/eventStoreDb/client.js'
import { eventStoreDbFeed } from '../../src/eventlog/eventStoreDb/eventStoreDbFeed.js'
import { eventStoreDbStore } from '../../src/eventlog/eventStoreDb/eventStoreDbStore.js'
import { projections } from '../../src/projections/definitions/index.js'
import { createProjectionOperations } from '../../src/projections/operations/createProjectionOperations.js'
import { createReadTraffic } from '../../src/projections/progress/readTraffic.js'
import { createReadModels } from '../../src/projections/queries/readModels.js'
import { startProjectorWorker } from '../../src/projections/startProjectorWorker.js'
import { append, pureRun } from '../../test/support/projections/events.js'
import { fill } from './fill.js'
import { startBenchStores } from './stores.js'

const [events = 150_000, writesPerSecond = 500, readsPerSecond = 200] = process.argv.slice(2).map(Number)
const stores = await startBenchStores()
const { eventstoreUrl, postgresUrl, mongoUrl } = stores
const client = createEventStoreDbClient(eventstoreUrl)
const pool = new pg.Pool({ connectionString: postgresUrl, max: 6 })
const mongo = new MongoClient(mongoUrl)
const store = eventStoreDbStore(client)
const feed = eventStoreDbFeed(client)
const projector = await startProjectorWorker({ eventstoreUrl, postgresUrl, mongoUrl }, console.error, console.error)
const operations = createProjectionOperations({
  postgresUrl,
  pool,
  mongo,
  feed,
  streams: store,
  projections,
  record: async () => undefined,
  log: console.error,
})
try {
  await operations.start()
  await fill(client, events)
  const head = await feed.head()
  while ((await operations.status('executions')).position !== head) await new Promise((r) => setTimeout(r, 200))
  const { executions } = createReadModels({ pool, mongo })
  const traffic = createReadTraffic({ pool, log: console.error })
  traffic.start()
  const page = () => {
    traffic.read()
    return executions.list({ limit: 50, workflowId })
  }
  const workflowId = uuidv7()

  /** `perSecond` calls a second, as long as `going`. */
  const load = async (perSecond: number, going: () => boolean, call: () => Promise<unknown>) => {
    const times: number[] = []
    let failures = 0
    const calls: Promise<void>[] = []
    const started = performance.now()
    while (going()) {
      const due = ((performance.now() - started) / 1_000) * perSecond
      while (calls.length < due) {
        const began = performance.now()
        calls.push(
          call().then(
            () => {
              times.push(performance.now() - began)
            },
            () => {
              failures += 1
            },
          ),
        )
      }
      await new Promise((resolve) => setTimeout(resolve, 4))
    }
    await Promise.all(calls)
    times.sort((a, b) => a - b)
    const at = (part: number) => Math.round((times[Math.floor(times.length * part)] ?? 0) * 10) / 10
    return { calls: calls.length, failures, p50: at(0.5), p99: at(0.99) }
  }
  const both = async (going: () => boolean) => {
    const [writes, reads] = await Promise.all([
      load(writesPerSecond / 7, going, () => append(store, pureRun(workflowId))),
      load(readsPerSecond, going, page),
    ])
    return { writes, reads }
  }
  const forSeconds = (seconds: number) => {
    const end = performance.now() + seconds * 1_000
    return both(() => performance.now() < end)
  }
  // Code that was never run is slow, and so are stores that have just been filled.
  await forSeconds(15)
  const before = await forSeconds(30)
  let over = false
  const context = {
    actor: { kind: 'system' as const, id: 'bench', name: 'bench' },
    commandId: uuidv7(),
    correlationId: uuidv7(),
    now: new Date().toISOString(),
  }
  const asked = performance.now()
  const { id } = await operations.rebuild(context, 'executions')
  const rebuilt = (async () => {
    let last: unknown
    for await (const { state, processed, verification, swapMs } of operations.progress(id))
      last = { state, processed, equal: verification?.equal, swapMs, seconds: (performance.now() - asked) / 1_000 }
    over = true
    return last
  })()
  const during = await both(() => !over)
  const after = await forSeconds(30)
  const times = (which: 'reads' | 'writes') =>
    Math.round((during[which].p99 / ((before[which].p99 + after[which].p99) / 2)) * 100) / 100
  const p99Times = { reads: times('reads'), writes: times('writes') }
  traffic.stop()
  console.log(JSON.stringify({ before, during, after, p99Times, rebuild: await rebuilt }, null, 2))
} finally {
  await operations.stop()
  await projector.stop()
  await pool.end()
  await mongo.close()
  await disposeEventStoreDbClient(client)
  await stores.stop()
}
