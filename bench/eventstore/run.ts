import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { EventStoreDBClient, streamNameFilter } from '@eventstore/db-client'
import { disposeEventStoreDbClient } from '../../src/eventlog/eventStoreDb/client.js'
import { startCeiling } from './ceiling.js'
import { type ClientTask, fromThreads } from './clientThreads.js'
import { runCurve } from './curve.js'
import { flushesPerSecond } from './disk.js'
import { appendWithoutClient } from './withoutClient.js'
import { appendFor, catchUp, fill, groupDelivery, liveLatency, readByEvents, readFor } from './workload.js'

/**
 * Measures the embedded EventStoreDB through the official client, both in this process, the server in its worker, and
 * each figure as a share of what the same client reaches with a server that stores nothing.
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
const percent = (part: number, whole: number) => `${Math.round((100 * part) / whole)} %`

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
  const ceiling = await startCeiling()
  const clients = [store, ceiling].map(({ connectionString }) => EventStoreDBClient.connectionString(connectionString))
  const [client, ceilingClient] = clients as [EventStoreDBClient, EventStoreDBClient]
  /** Measures the server and, right after it, what the client reaches without one. */
  const figure = async (name: string, measure: (client: EventStoreDBClient) => Promise<number>) => {
    const reached = await measure(client)
    const most = await measure(ceilingClient)
    print(name, `${rate(reached)}, ${percent(reached, most)} of ${rate(most)}`)
    return reached
  }
  const figureOfTwo = async (taskAt: (connectionString: string) => ClientTask) => {
    const reached = await fromThreads(2, taskAt(store.connectionString))
    const most = await fromThreads(2, taskAt(ceiling.connectionString))
    print('  the same of two clients, a thread each', `${rate(reached)}, ${percent(reached, most)} of ${rate(most)}`)
  }
  const time = Number(values.seconds) * 1_000
  for (const each of clients) await appendFor(each, 64, 1, 1_000)
  const flushesBefore = flushesPerSecond(directory)
  const single = await figure('append, one at a time', (each) => appendFor(each, 1, 1, time))
  const alone = await appendWithoutClient(values.dist, join(directory, 'alone'), time)
  const flushes = (flushesBefore + flushesPerSecond(directory)) / 2
  print('  of the flushes of the disk just then', `${percent(single, flushes)} of ${rate(flushes)}`)
  print('  the same without a client', `${rate(alone)}, ${percent(alone, flushes)} of the flushes`)
  await figure('append, 64 concurrent', (each) => appendFor(each, 64, 1, time))
  await figure('append, 256 concurrent', (each) => appendFor(each, 256, 1, time))
  await figureOfTwo((connectionString) => ({ connectionString, work: 'append', writers: 128, milliseconds: time }))
  await figure('append, batches of 100, 8 concurrent, events', (each) => appendFor(each, 8, 100, time))
  await fill(client, 60_000)
  await figure('readAll', (each) => readFor(each, 300_000))
  await figure("  the same by 'data' events", (each) => readByEvents(each, 300_000))
  await figureOfTwo((connectionString) => ({ connectionString, work: 'read', events: 300_000 }))
  await figure('subscribeToAll, catch-up', (each) => catchUp(each, { fromPosition: 'start' }))
  const filter = streamNameFilter({ prefixes: ['bench-'] })
  await figure('subscribeToAll, catch-up, filtered by prefix', (each) =>
    catchUp(each, { fromPosition: 'start', filter }),
  )
  const at = (latencies: number[], share: number) => `${latencies[Math.floor(latencies.length * share)]?.toFixed(2)} ms`
  const summary = (latencies: number[]) => `p50 ${at(latencies, 0.5)}, p99 ${at(latencies, 0.99)}`
  const latencies = await liveLatency(client, 2_000)
  const least = await liveLatency(ceilingClient, 2_000)
  print('append to live subscriber', `${summary(latencies)}; without a store ${summary(least)}`)
  await figure('persistent subscription, each acknowledged', (each) => groupDelivery(each, 20_000))
  for (const each of clients) await disposeEventStoreDbClient(each)
  await ceiling.stop()
  await store.stop()
}
