// Latency and cost of the live projections: node --import tsx bench/projections/live.ts [runs per second] [seconds]
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { MongoClient } from 'mongodb'
import pg from 'pg'
import { v7 as uuidv7 } from 'uuid'
import { createEventStoreDbClient, disposeEventStoreDbClient } from '../../src/eventlog/eventStoreDb/client.js'
import { eventStoreDbStore } from '../../src/eventlog/eventStoreDb/eventStoreDbStore.js'
import { projections } from '../../src/projections/definitions/index.js'
import { createProjectionProgress } from '../../src/projections/progress/projectionProgress.js'
import { append, pureRun } from '../../test/support/projections/events.js'
import { eventsPerRun } from './fill.js'
import { startBenchStores } from './stores.js'

const runsPerSecond = Number(process.argv[2] ?? 143)
const seconds = Number(process.argv[3] ?? 15)

/** CPU of a process in milliseconds (Linux counts it in hundredths of a second). */
const cpuOf = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}
const childrenOf = (parent: number): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return (
          readFileSync(`/proc/${pid}/stat`, 'utf8')
            .replace(/^.*\) /, '')
            .split(' ')[1] === String(parent)
        )
      } catch {
        return false
      }
    })
const percentile = (sorted: readonly number[], part: number): number =>
  Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0) * 10) / 10

const stores = await startBenchStores()
const { stop, postgresPid, ...config } = stores
const projector = spawn(
  process.execPath,
  [
    ...(process.env.BENCH_NODE_OPTIONS?.split(' ').filter(Boolean) ?? ['--max-semi-space-size=32']),
    '--import',
    'tsx',
    fileURLToPath(new URL('../../test/support/projections/projectorProcess.ts', import.meta.url)),
    JSON.stringify(config),
  ],
  { stdio: ['ignore', 'ignore', 'inherit'] },
)
try {
  const client = createEventStoreDbClient(config.eventstoreUrl)
  const store = eventStoreDbStore(client)
  const pool = new pg.Pool({ connectionString: config.postgresUrl, max: 2 })
  const mongo = new MongoClient(config.mongoUrl)
  const progress = createProjectionProgress({
    postgresUrl: config.postgresUrl,
    pool,
    mongo,
    projections,
    log: console.error,
  })
  await progress.start()
  const workflowId = uuidv7()
  const first = await append(store, pureRun(workflowId))
  for (const { name } of projections) {
    while (!(await progress.waitFor(name, first.position, 1_000).catch(() => ({ reached: false }))).reached);
  }
  const latencies: number[] = []
  const waits: Promise<void>[] = []
  const one = async () => {
    const { position } = await append(store, pureRun(workflowId))
    const appended = performance.now()
    await progress.waitFor('executions', position, 60_000)
    latencies.push(performance.now() - appended)
  }
  const measure = () => {
    const backends = childrenOf(postgresPid)
    return { projector: cpuOf(projector.pid as number), postgres: backends.reduce((sum, pid) => sum + cpuOf(pid), 0) }
  }
  const before = measure()
  const started = performance.now()
  let sent = 0
  while (performance.now() - started < seconds * 1_000) {
    const due = Math.floor(((performance.now() - started) / 1_000) * runsPerSecond)
    for (; sent < due; sent += 1) waits.push(one())
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await Promise.all(waits)
  const took = (performance.now() - started) / 1_000
  const after = measure()
  latencies.sort((a, b) => a - b)
  console.log(
    JSON.stringify(
      {
        events: sent * eventsPerRun,
        eventsPerSecond: Math.round((sent * eventsPerRun) / took),
        appendToVisibleMs: {
          p50: percentile(latencies, 0.5),
          p99: percentile(latencies, 0.99),
          max: percentile(latencies, 1),
        },
        projectorCpuMsPerRun: Math.round(((after.projector - before.projector) / sent) * 1_000) / 1_000,
        postgresCpuMsPerRun: Math.round(((after.postgres - before.postgres) / sent) * 1_000) / 1_000,
      },
      null,
      2,
    ),
  )
  await progress.stop()
  await pool.end()
  await mongo.close()
  await disposeEventStoreDbClient(client)
} finally {
  projector.kill('SIGTERM')
  await new Promise((resolve) => projector.once('exit', resolve))
  await stop()
}
