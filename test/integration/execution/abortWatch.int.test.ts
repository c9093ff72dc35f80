import { describe, expect, it } from 'vitest'
import { followRuns } from '../../../src/commands/executions/followRuns.js'
import { decideTimers } from '../../../src/domain/execution/decide/timers.js'
import type { EventFeed } from '../../../src/eventlog/eventFeed.js'
import { type EventStore, LogUnavailable } from '../../../src/eventlog/eventStore.js'
import { createInMemoryLog } from '../../../src/eventlog/inMemory/inMemoryLog.js'
import { hangingWorkflow, nothingToConsume, noWork } from '../../support/execution/abortedAttempt.js'
import { idOf } from '../../support/execution/definitions.js'
import { eventTypes, failing, useEngines, withEffect } from '../../support/execution/engines.js'
import type { RunEngineOptions } from '../../support/execution/runEngine.js'

const engineWith = useEngines()
const oneHour = 3_600_000
const executionId = '22222222-2222-4222-8222-222222222222'

/** A promise that is settled from outside. */
const gate = () => {
  let open: () => void = () => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { open: () => open(), opened }
}

/** An executor whose attempt hears of others only through what it follows, and a process that gives commands. */
const twoProcesses = (options: Partial<RunEngineOptions> = {}, log = createInMemoryLog()) => {
  const begun = gate()
  const workflows = { w: hangingWorkflow({ timeoutMs: oneHour }) }
  const common = { workflows, log, sole: false, openWork: noWork, queue: nothingToConsume, scanMs: oneHour }
  const other = engineWith({ ...common, executes: false })
  const executor = engineWith({
    ...common,
    nodeTypes: withEffect(({ signal }) => {
      begun.open()
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(failing('aborted'))))
    }),
    ...options,
  })
  const start = () => executor.commands.start(executor.context(), { workflowId: idOf('w'), executionId })
  return { executor, other, start, hasBegun: begun.opened }
}

describe('an attempt in one process', () => {
  it('is aborted at once when another process cancels its run', async () => {
    const { executor, other, start, hasBegun } = twoProcesses()
    await start()
    await hasBegun
    await other.commands.cancel(other.context(), { executionId })
    expect((await other.end(executionId)).outcome).toBe('cancelled')
    const last = ['ExecutionCancelRequested', 'NodeResultDiscarded', 'ExecutionCancelled']
    expect(eventTypes(executor, executionId).slice(-3)).toEqual(last)
  })

  it('is aborted at once when another process finds that its run has timed out', async () => {
    const { executor, other, start, hasBegun } = twoProcesses()
    await start()
    await hasBegun
    const later = { ...other.context(), now: new Date(Date.now() + oneHour).toISOString() }
    await other.runs.change(executionId, later, (state, plan, env) => decideTimers(state, plan, env, ['runTimeout']))
    expect((await other.end(executionId)).outcome).toBe('timedOut')
    expect(eventTypes(executor, executionId).slice(-2)).toEqual(['NodeResultDiscarded', 'ExecutionTimedOut'])
  })

  it('is aborted when the cancel was heard of before it had begun', async () => {
    const log = createInMemoryLog()
    const heard = gate()
    const feed: Pick<EventFeed, 'subscribe' | 'head'> = {
      head: log.head,
      async *subscribe(options) {
        for await (const item of log.subscribe(options)) {
          yield item
          if (item.kind === 'event') heard.open()
        }
      },
    }
    const store: EventStore = {
      readStream: log.readStream,
      append: async (...args) => {
        const appended = await log.append(...args)
        // The claim is in the log, and the log's answer to it comes after somebody else's cancel.
        if (args[1].some(({ type }) => type === 'NodeAttemptStarted')) {
          await other.commands.cancel(other.context(), { executionId })
          await heard.opened
        }
        return appended
      },
    }
    const { other, start } = twoProcesses({ store, feed }, log)
    await start()
    expect((await other.end(executionId)).outcome).toBe('cancelled')
  })
})

describe('following the events of runs', () => {
  it('misses none over lost connections, and receives none twice', async () => {
    const log = createInMemoryLog()
    const append = (n: number) =>
      log.append(`execution-${n}`, [{ id: `${n}`, type: 'TimerFired', data: {}, metadata: {} }], 'none')
    const all = gate()
    const received: string[] = []
    const feed: Pick<EventFeed, 'subscribe' | 'head'> = {
      head: log.head,
      async *subscribe(options) {
        for await (const item of log.subscribe(options)) {
          yield item
          if (item.kind !== 'event') continue
          await append(received.length)
          throw new LogUnavailable('gone')
        }
      },
    }
    await append(0)
    const follower = followRuns({
      feed,
      types: ['TimerFired'],
      since: 'start',
      receive: ({ id }) => {
        received.push(id)
        if (received.length === 4) all.open()
      },
      unexpected: (error) => expect.unreachable(String(error)),
      random: () => 0,
    })
    await all.opened
    await follower.stop()
    expect(received).toEqual(['0', '1', '2', '3'])
  })
})
