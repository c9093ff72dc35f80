import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { EventStoreDBClient } from '@eventstore/db-client'
import { disposeEventStoreDbClient } from '../../src/eventlog/eventStoreDb/client.js'
import { flushesPerSecond } from './disk.js'
import { appendFor, newEvents } from './workload.js'

const STOPS = [100_000, 500_000, 1_000_000, 2_000_000, 5_000_000]
const EVENTS_PER_STREAM = 20
const WRITERS = 64
const READS = 500
const SETTLE = 5_000
const APPENDING = 4_000
const READ_ALL = 200_000
const TICKS_PER_SECOND = 100
const PORT_LINE = /PORT (\d+)/

/** Grows one log and measures, with a server in a process of its own, at several sizes. */
export async function runCurve(entry: string, directory: string, most: number): Promise<void> {
  const row = (...cells: string[]) => process.stdout.write(`${cells.map((cell) => cell.padStart(13)).join('')}\n`)
  row(
    'events',
    'flushes/s',
    'append 1',
    'append 64',
    'CPU/append',
    'stream read',
    'readAll',
    'CPU/read',
    'memory',
    'disk',
  )
  let written = 0
  for (const stop of STOPS.filter((events) => events <= most)) {
    await grow(dirname(entry), join(directory, 'store'), written, stop)
    written = stop
    const server = await startServer(entry, join(directory, 'store'))
    const client = EventStoreDBClient.connectionString(`esdb://127.0.0.1:${server.port}?tls=false`)
    // The disk, too, needs its rest after so much writing; what it does then is part of the row.
    await new Promise((resolve) => setTimeout(resolve, SETTLE))
    const flushes = flushesPerSecond(directory)
    const one = await appendFor(client, 1, 1, 2_000)
    const many = await measured(
      server,
      () => appendFor(client, 64, 1, APPENDING),
      (rate) => (rate * APPENDING) / 1_000,
    )
    const read = await readStreams(client, stop)
    const all = await measured(
      server,
      () => readAt(client, stop),
      () => READ_ALL,
    )
    const size = statSync(join(directory, 'store', 'data.mdb')).size
    row(
      stop.toLocaleString('en'),
      flushes.toFixed(0),
      `${one.toFixed(0)}/s`,
      `${many.rate.toFixed(0)}/s`,
      `${many.cpu.toFixed(1)} us`,
      `${read.toFixed(2)} ms`,
      `${all.rate.toFixed(0)}/s`,
      `${all.cpu.toFixed(1)} us`,
      `${(server.memory() / 2 ** 20).toFixed(0)} MiB`,
      `${(size / 2 ** 20).toFixed(0)} MiB`,
    )
    await disposeEventStoreDbClient(client)
    await server.stop()
  }
}

/** Runs something and adds the CPU time that the server took for each event, in microseconds. */
async function measured(
  server: Server,
  run: () => Promise<number>,
  eventsOf: (rate: number) => number,
): Promise<{ rate: number; cpu: number }> {
  const before = server.cpu()
  const rate = await run()
  return { rate, cpu: ((server.cpu() - before) / eventsOf(rate)) * 1e6 }
}

const streamAt = (index: number) => `curve-${index}`

/** Appends without a client, which would take most of the time, while no server has the log open. */
async function grow(dist: string, directory: string, from: number, to: number): Promise<void> {
  type Modules = [
    typeof import('../../src/embedded/eventstore/log/openLog.js'),
    typeof import('../../src/embedded/eventstore/streams/appendEvents.js'),
  ]
  const names = ['log/openLog.js', 'streams/appendEvents.js']
  const modules = await Promise.all(names.map((name) => import(join(dist, name))))
  const [{ openLog }, { stageAppend }] = modules as unknown as Modules
  const { writer, close } = await openLog(directory)
  const events = newEvents(EVENTS_PER_STREAM)
  const stored = events.map(({ type, data, metadata }) => ({
    type,
    isJson: true,
    data: Buffer.from(JSON.stringify(data)),
    metadata: Buffer.from(JSON.stringify(metadata)),
  }))
  let next = from / EVENTS_PER_STREAM
  const end = to / EVENTS_PER_STREAM
  const append = async () => {
    while (next < end) {
      const stream = streamAt(next++)
      const fresh = stored.map((event) => ({ ...event, id: randomUUID() }))
      await writer.write((staging) => stageAppend(staging, stream, 'no_stream', fresh))
    }
  }
  await Promise.all(Array.from({ length: WRITERS }, append))
  await close()
}

/** Mean time to read a stream that was written any time, in ms. */
async function readStreams(client: EventStoreDBClient, events: number): Promise<number> {
  const started = performance.now()
  for (let read = 0; read < READS; read++) {
    const stream = streamAt(Math.floor((Math.random() * events) / EVENTS_PER_STREAM))
    for await (const _ of client.readStream(stream));
  }
  return (performance.now() - started) / READS
}

/** Events per second of reads that start anywhere in the log. */
async function readAt(client: EventStoreDBClient, events: number): Promise<number> {
  const started = performance.now()
  let read = 0
  for (let start = 0; start < 20; start++) {
    const position = BigInt(Math.floor(Math.random() * (events - 10_000)) + 1)
    for await (const _ of client.readAll({ fromPosition: { commit: position, prepare: position }, maxCount: 10_000 }))
      read++
  }
  return (read / (performance.now() - started)) * 1_000
}

interface Server {
  readonly port: number
  /** Resident bytes. */
  memory(): number
  /** Seconds of CPU that it has taken, with the system's part. */
  cpu(): number
  stop(): Promise<void>
}

async function startServer(entry: string, directory: string): Promise<Server> {
  const script = `const { startEmbeddedEventStore } = await import(${JSON.stringify(entry)})
    const { port } = await startEmbeddedEventStore({ directory: ${JSON.stringify(directory)}, accessKey: '' })
    console.log('PORT', port)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const port = await new Promise<number>((resolve) => {
    let output = ''
    child.stdout.on('data', (chunk) => {
      output += chunk
      const found = PORT_LINE.exec(output)
      if (found) resolve(Number(found[1]))
    })
  })
  return {
    port,
    memory: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) * 1024,
    cpu() {
      const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
      return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
    },
    async stop() {
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}
