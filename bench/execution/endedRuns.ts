/**
 * The figures over HTTP with many ended runs in the log and in the read models, next to those without:
 * `node --import tsx bench/execution/endedRuns.ts [--quick] [--runs=100000] [--scale=0.1] [--only=map]`, after `npm run build`. Prepared runs are appended straight
 * to the log of a program that is stopped; its projector catches up when it starts. Both programs are measured in turn.
 */
import { join } from 'node:path'
import { v4 as uuid } from 'uuid'
import { prepareAppend } from '../../src/commands/handling/prepareAppend.js'
import type { ExecutionEvent } from '../../src/domain/events/catalogue/index.js'
import type { StoredEvent } from '../../src/domain/events/recordedEvent.js'
import { genesisHash } from '../../src/domain/hashChain.js'
import { startEmbeddedEventStore } from '../../src/embedded/eventstore/index.js'
import { createEventStoreDbClient, disposeEventStoreDbClient } from '../../src/eventlog/eventStoreDb/client.js'
import { eventStoreDbFeed } from '../../src/eventlog/eventStoreDb/eventStoreDbFeed.js'
import { eventStoreDbStore } from '../../src/eventlog/eventStoreDb/eventStoreDbStore.js'
import { hardware } from '../support/hardware.js'
import { newDirectory, type Program, removeDirectory, startProgram } from '../support/program.js'
import { runOverHttp } from './overHttp.js'
import { type Workload, workloads } from './workloads.js'

const quick = process.argv.includes('--quick')
const option = (name: string) =>
  process.argv.find((argument) => argument.startsWith(`--${name}=`))?.slice(name.length + 3)
const wanted = Number(option('runs') ?? 100_000)
const rounds = quick ? 5 : 9
const scale = Number(option('scale') ?? (quick ? 0.02 : 0.1))
/** Part of a workload's name; all of them where it is not given. */
const only = option('only') ?? ''
const width = 256
const print = (line: string) => process.stdout.write(`${line}\n`)

/** The events of one run that has ended, as a pattern for many. */
const endedRun = async (events: AsyncIterable<StoredEvent>): Promise<ExecutionEvent[]> => {
  const streams = new Map<string, StoredEvent[]>()
  for await (const event of events) {
    if (!event.stream.startsWith('execution-')) continue
    const stream = [...(streams.get(event.stream) ?? []), event]
    if (event.type === 'ExecutionCompleted') return stream.map(({ type, data }) => ({ type, data }) as ExecutionEvent)
    streams.set(event.stream, stream)
  }
  throw new Error('no run has ended')
}

const fill = async (directory: string): Promise<void> => {
  const server = await startEmbeddedEventStore({ directory: join(directory, 'data', 'eventstore') })
  const client = createEventStoreDbClient(server.connectionString)
  const store = eventStoreDbStore(client)
  const pattern = await endedRun(eventStoreDbFeed(client).readAll({ from: 'start', direction: 'forwards' }))
  const appendOne = async (): Promise<void> => {
    const [executionId, commandId] = [uuid(), uuid()]
    const stream = `execution-${executionId}`
    const events = pattern.map((event) =>
      event.type === 'ExecutionStarted' ? { ...event, data: { ...event.data, executionId } } : event,
    )
    const context = {
      ...{ commandId, correlationId: commandId, causationId: commandId, now: new Date().toISOString() },
      actor: { kind: 'system', id: 'bench', name: 'bench' } as const,
    }
    const prepared = prepareAppend(stream, -1, genesisHash, events, context)
    await store.append(
      stream,
      prepared.events.map(({ id, type, data, metadata }) => ({ id, type, data, metadata })),
      'none',
    )
  }
  let left = wanted
  const work = async () => {
    while (left > 0) {
      left -= 1
      await appendOne()
    }
  }
  const from = performance.now()
  await Promise.all(Array.from({ length: width }, work))
  print(`${wanted} ended runs appended in ${((performance.now() - from) / 1000).toFixed(0)} s`)
  await disposeEventStoreDbClient(client)
  await server.stop()
}

const caughtUp = async ({ url, key }: Program): Promise<void> => {
  for (;;) {
    const response = await fetch(`${url}/v1/projections`, { headers: { 'x-api-key': key } })
    const { items } = (await response.json()) as { items: { state: string; position: string; head: string }[] }
    if (items.every(({ state, position, head }) => state === 'live' && position === head)) return
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
const percent = (ratio: number): string => `${ratio < 1 ? '' : '+'}${((ratio - 1) * 100).toFixed(0)} %`
const told = (value: number): string => value.toFixed(value < 10 ? 1 : 0).padStart(7)

/** Runs per second of both programs, measured one right after the other; whoever began the last round ends this one. */
const measureInTurn = async (workload: Workload, bare: Program, filled: Program): Promise<void> => {
  const [without, present]: [number[], number[]] = [[], []]
  for (let round = 0; round < rounds; round += 1) {
    const turns = [
      { program: bare, figures: without },
      { program: filled, figures: present },
    ]
    for (const { program, figures } of round % 2 === 0 ? turns : turns.reverse()) {
      figures.push((await runOverHttp(program, workload)).perSecond)
    }
  }
  const ratios = present.map((perSecond, round) => perSecond / (without[round] ?? perSecond))
  print(
    `${workload.name.padEnd(40)} without ${told(median(without))} runs/s  with ${told(median(present))} runs/s  median of ${rounds} rounds ${percent(median(ratios))} (${percent(Math.min(...ratios))} to ${percent(Math.max(...ratios))})`,
  )
}

print(hardware())
const directories = [newDirectory(), newDirectory()] as const
const programs: Program[] = []
try {
  const [full, empty] = directories
  const [pattern, ...others] = workloads(scale).filter(({ benchOnly }) => benchOnly !== true)
  if (pattern === undefined) throw new Error('there are workloads')
  const first = await startProgram(full)
  await runOverHttp(first, { ...pattern, runs: 2 }).finally(first.stop)
  await fill(full)
  const from = performance.now()
  const filling = await startProgram(full)
  await caughtUp(filling)
  print(`the projector caught up ${((performance.now() - from) / 1000).toFixed(0)} s after the start`)
  // PostgreSQL looks after its new rows once a minute. And both processes begin afresh.
  await new Promise((resolve) => setTimeout(resolve, 75_000))
  await filling.stop()
  const filled = await startProgram(full)
  programs.push(filled)
  const bare = await startProgram(empty)
  programs.push(bare)
  const chosen = [pattern, ...others].filter(({ name }) => name.includes(only))
  for (const workload of chosen) await measureInTurn(workload, bare, filled)
} finally {
  for (const program of programs) await program.stop()
  for (const directory of directories) removeDirectory(directory)
}
