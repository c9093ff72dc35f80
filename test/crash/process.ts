/**
 * One process of the crash test: the embedded log in its worker, the write side, an executor. It carries out the corpus runs
 * that it is told to, and kills itself (SIGKILL) right after an append where it is told to. Arguments: one JSON object.
 */
import { appendFileSync, writeFileSync } from 'node:fs'
import type { StoredEvent } from '../../src/domain/events/recordedEvent.js'
import { startEmbeddedEventStore } from '../../src/embedded/eventstore/index.js'
import type { EventStore } from '../../src/eventlog/eventStore.js'
import { createEventStoreDbClient } from '../../src/eventlog/eventStoreDb/client.js'
import { eventStoreDbFeed } from '../../src/eventlog/eventStoreDb/eventStoreDbFeed.js'
import { eventStoreDbStore } from '../../src/eventlog/eventStoreDb/eventStoreDbStore.js'
import { eventStoreDbWorkQueue } from '../../src/eventlog/eventStoreDb/eventStoreDbWorkQueue.js'
import { createInMemoryLog } from '../../src/eventlog/inMemory/inMemoryLog.js'
import { openWorkOfLog } from '../support/execution/openWorkOfLog.js'
import { createRunEngine } from '../support/execution/runEngine.js'
import { corpus } from './corpus.js'
import { corpusNodeTypes, driveCorpusRun, workflowsOf } from './corpusEngine.js'

export interface CrashProcess {
  readonly directory: string
  /** Lines of JSON: the outbound log. */
  readonly outbound: string
  /** Where the log's events are written when everything has ended. */
  readonly result: string
  readonly url: string
  /** Names of runs; none: all of them. */
  readonly runs: readonly string[]
  /** 0: never. */
  readonly killAfter: number
}

const job = JSON.parse(process.argv[2] ?? '{}') as CrashProcess
const runs = corpus(job.url).filter(({ name }) => job.runs.length === 0 || job.runs.includes(name))
const server = await startEmbeddedEventStore({ directory: job.directory })
const client = createEventStoreDbClient(server.connectionString)
const log = eventStoreDbStore(client)
const feed = eventStoreDbFeed(client)

let appends = 0
const store: EventStore = {
  append: async (...args) => {
    const appended = await log.append(...args)
    appends += 1
    if (appends === job.killAfter) process.kill(process.pid, 'SIGKILL')
    return appended
  },
  readStream: (...args) => log.readStream(...args),
}

const readAll = async (): Promise<StoredEvent[]> => {
  const events: StoredEvent[] = []
  for await (const event of feed.readAll({ from: 'start', direction: 'forwards' })) events.push(event)
  return events
}

let events = await readAll()
const hints = openWorkOfLog(() => events)
const types = corpusNodeTypes((call) => appendFileSync(job.outbound, `${JSON.stringify(call)}\n`))
const engine = createRunEngine({
  workflows: workflowsOf(runs),
  nodeTypes: types.nodeTypes,
  log: createInMemoryLog(),
  store,
  queue: eventStoreDbWorkQueue(client),
  openWork: {
    ...hints,
    overdueAttempts: async (...args) => {
      events = await readAll()
      return hints.overdueAttempts(...args)
    },
  },
  scanMs: 100,
  stopGraceMs: 500,
})

await Promise.all(runs.map((run) => driveCorpusRun(engine, run)))
await engine.stop()
const all = await readAll()
const report = { appends, unexpected: engine.unexpected.map(String), events: all }
writeFileSync(
  job.result,
  JSON.stringify(report, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
)
await types.close()
await client.dispose()
await server.stop()
