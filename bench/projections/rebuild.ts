// How fast `executions` is rebuilt by the built program: node --import tsx bench/projections/rebuild.ts [events] (after npm run build)
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createEventStoreDbClient, disposeEventStoreDbClient } from '../../src/eventlog/eventStoreDb/client.js'
import { fill } from './fill.js'
import { startBenchStores } from './stores.js'

const events = Number(process.argv[2] ?? 200_000)
const stores = await startBenchStores()
try {
  const client = createEventStoreDbClient(stores.eventstoreUrl)
  const started = performance.now()
  await fill(client, events)
  await disposeEventStoreDbClient(client)
  console.error(`filled ${events} events in ${((performance.now() - started) / 1_000).toFixed(1)} s`)
  const { stop: _, postgresPid: _pid, ...config } = stores
  const run = async (phase: 'build' | 'rebuild') => {
    const options = process.env.BENCH_NODE_OPTIONS?.split(' ').filter(Boolean) ?? []
    const script = fileURLToPath(new URL('./rebuildProcess.mjs', import.meta.url))
    const args = [...options, script, JSON.stringify(config), phase]
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { maxBuffer: 10_000_000 })
    process.stderr.write(stderr)
    return JSON.parse(stdout)
  }
  console.log(JSON.stringify({ ...(await run('build')), ...(await run('rebuild')) }, null, 2))
} finally {
  await stores.stop()
}
