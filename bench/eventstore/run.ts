import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { EventStoreDBClient, streamNameFilter } from '@eventstore/db-client'
import { runCurve } from './curve.js'
import { flushesPerSecond } from './disk.js'
import { appendFor, catchUp, groupDelivery, liveLatency, readFor } from './workload.js'

/**
 * Measures the embedded EventStoreDB through the official client, both in this process, the server in its worker.
 * `--seconds 5` is the time of each append figure, `--curve 5000000` grows a log to that many events instead,
 * `--directory` is where the logs are made.
 */
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    curve: { type: 'string' },
    directory: { type: 'string', default: tmpdir() },
    dist: { type: 'string', default: new URL('../../dist/', import.meta.url).pathname },
  },
})

const directory = mkdtempSync(join(values.directory, 'eventstore-bench-'))
const entry = resolve(values.dist, 'embedded/eventstore/index.js')
const print = (name: string, value: string) => process.stdout.write(`${name.padEnd(46)} ${value}\n`)
const rate = (value: number) => `${Math.round(value).toLocaleString('en')}/s`

try {
  print('hardware', `${cpus().length} x ${cpus()[0]?.model}, Node ${process.version}`)
  print('flushes of the disk', rate(flushesPerSecond(directory)))
  if (values.curve) await runCurve(entry, directory, Number(values.curve))
  else await runFigures()
} finally {
  rmSync(directory, { recursive: true, force: true })
}

async function runFigures(): Promise<void> {
  const { startEmbeddedEventStore } = (await import(entry)) as typeof import('../../src/embedded/eventstore/index.js')
  const store = await startEmbeddedEventStore({ directory: join(directory, 'store') })
  const client = EventStoreDBClient.connectionString(store.connectionString)
  const time = Number(values.seconds) * 1_000
  await appendFor(client, 64, 1, 1_000)
  print('append, one at a time', rate(await appendFor(client, 1, 1, time)))
  print('append, 64 concurrent', rate(await appendFor(client, 64, 1, time)))
  print('append, 256 concurrent', rate(await appendFor(client, 256, 1, time)))
  print('append, batches of 100, 8 concurrent, events', rate(await appendFor(client, 8, 100, time)))
  print('readAll', rate(await readFor(client, 300_000)))
  print('subscribeToAll, catch-up', rate(await catchUp(client, { fromPosition: 'start' })))
  const filter = streamNameFilter({ prefixes: ['bench-'] })
  print('subscribeToAll, catch-up, filtered by prefix', rate(await catchUp(client, { fromPosition: 'start', filter })))
  const latencies = await liveLatency(client, 2_000)
  const at = (share: number) => `${latencies[Math.floor(latencies.length * share)]?.toFixed(2)} ms`
  print('append to live subscriber', `p50 ${at(0.5)}, p99 ${at(0.99)}`)
  print('persistent subscription, each acknowledged', rate(await groupDelivery(client, 20_000)))
  await client.dispose()
  await store.stop()
}
