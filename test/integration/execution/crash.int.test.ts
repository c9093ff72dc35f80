import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { EventStore } from '../../../src/eventlog/eventStore.js'
import { createInMemoryLog, type InMemoryLog } from '../../../src/eventlog/inMemory/inMemoryLog.js'
import type { WorkQueue } from '../../../src/eventlog/workQueue.js'
import type { OpenWork } from '../../../src/execution/openWork.js'
import { corpus } from '../../crash/corpus.js'
import {
  type CorpusNodeTypes,
  corpusNodeTypes,
  driveCorpusRun,
  type OutboundCall,
  workflowsOf,
} from '../../crash/corpusEngine.js'
import type { CorpusRun } from '../../crash/corpusRun.js'
import { coverageOf, everyPolicy } from '../../crash/coverage.js'
import { expectedOf, expectPromises } from '../../crash/promises.js'
import { openWorkOfLog } from '../../support/execution/openWorkOfLog.js'
import { createRunEngine, type RunEngine } from '../../support/execution/runEngine.js'

const never = new Promise<never>(() => undefined)

/** Right after the n-th append, or right before it: then a side effect has happened whose outcome nobody recorded. */
type Moment = 'after' | 'before'

/** A process's view of the log which ends with the process: from the moment of the n-th append on nothing is answered. */
const mortal = (log: InMemoryLog, appends: number, moment: Moment) => {
  const death = new AbortController()
  let appended = 0
  const store: EventStore = {
    append: async (...args) => {
      if (moment === 'before' && appended + 1 === appends) death.abort()
      if (death.signal.aborted) return never
      const result = await log.append(...args)
      appended += 1
      if (appended === appends) death.abort()
      return death.signal.aborted ? never : result
    },
    async *readStream(...args) {
      for await (const event of log.readStream(...args)) {
        if (death.signal.aborted) await never
        yield event
      }
      if (death.signal.aborted) await never
    },
  }
  const queue: WorkQueue = {
    consume: (options) => log.consume({ ...options, signal: AbortSignal.any([options.signal, death.signal]) }),
  }
  const hints = openWorkOfLog(() => log.events)
  const openWork: OpenWork = {
    ...hints,
    overdueAttempts: (...args) => (death.signal.aborted ? never : hints.overdueAttempts(...args)),
  }
  return { store, queue, openWork, death: death.signal, appended: () => appended }
}

const died = (signal: AbortSignal) =>
  new Promise<'died'>((resolve) => {
    if (signal.aborted) resolve('died')
    signal.addEventListener('abort', () => resolve('died'))
  })

let types: CorpusNodeTypes
let calls: OutboundCall[] = []
let url = ''
const server = createServer((_, response) => response.setHeader('content-type', 'application/json').end('{"ok":true}'))

beforeAll(async () => {
  types = corpusNodeTypes((call) => calls.push(call))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(async () => {
  await types.close()
  server.close()
})

/** Kills the process at its n-th append, starts another one, and lets that finish the run. */
const crashAt = async (run: CorpusRun, appends: number, moment: Moment) => {
  calls = []
  const log = createInMemoryLog()
  const { store, queue, openWork, death, appended } = mortal(log, appends, moment)
  const options = { workflows: workflowsOf([run]), nodeTypes: types.nodeTypes, log, scanMs: 20, stopGraceMs: 500 }
  const first = createRunEngine({ ...options, store, queue, openWork })
  const finished = driveCorpusRun(first, run)
  if ((await Promise.race([finished, died(death)])) !== 'died') {
    await first.stop()
    return { state: await finished, log, appended: appended(), crashed: false, unexpected: first.unexpected }
  }
  const second: RunEngine = createRunEngine(options)
  const state = await driveCorpusRun(second, run)
  await second.stop()
  return { state, log, appended: appended(), crashed: true, unexpected: second.unexpected }
}

describe('a process killed at an append', () => {
  const runs = corpus('')

  it('is tried on at least 30 runs, with every node type and every policy', () => {
    expect(runs.length).toBeGreaterThanOrEqual(30)
    expect(new Set(runs.map(({ name }) => name)).size).toBe(runs.length)
    const { nodeTypesOf, policiesOf } = coverageOf(runs)
    expect([...nodeTypesOf].sort()).toEqual([...types.nodeTypes.keys()].sort())
    expect([...everyPolicy].filter((policy) => !policiesOf.has(policy))).toEqual([])
  })

  it.each(runs.map(({ name }, index) => [name, index] as const))('leaves nothing of "%s" undone', async (_, index) => {
    const run = corpus(url)[index]
    if (run === undefined) throw new Error('there is no such run')
    const plain = await crashAt(run, Number.POSITIVE_INFINITY, 'after')
    const expected = expectedOf(run, plain.state)
    expectPromises(run, plain.state, expected, plain.log.events, calls)
    for (const moment of ['after', 'before'] as const) {
      for (let appends = 1; appends <= plain.appended; appends += 1) {
        const { state, log, crashed, unexpected } = await crashAt(run, appends, moment)
        // Which appends fall together may differ from time to time, so only the last points may come too late.
        if (appends < plain.appended - 2) expect(crashed).toBe(true)
        expectPromises(run, state, expected, log.events, calls)
        expect(unexpected).toEqual([])
      }
    }
  })
})
