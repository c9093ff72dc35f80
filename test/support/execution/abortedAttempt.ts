import type { Definition, Settings } from '../../../src/domain/definition.js'
import type { WorkQueue } from '../../../src/eventlog/workQueue.js'
import type { OpenWork } from '../../../src/execution/openWork.js'
import { define, manual } from './definitions.js'

/** Of an executor that the group gives nothing: another one got it. */
export const nothingToConsume: WorkQueue = {
  async *consume({ signal }) {
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
  },
}

/** Of an executor whose scan finds nothing. */
export const noWork: OpenWork = {
  overdueAttempts: async () => [],
  attemptsOfOthers: async () => [],
  dueTimers: async () => [],
  queuedStarts: async () => [],
  waitingParents: async () => [],
  openRuns: async () => [],
  activeRuns: async () => 0,
}

/** One attempt that may take for ever. */
export const hangingWorkflow = (settings: Settings = {}): Definition =>
  define({ start: manual, a: { type: 'test.effect', policy: { timeoutMs: 3_600_000 } } }, ['start -> a'], settings)
