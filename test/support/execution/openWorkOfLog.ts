import type { ExecutionEvent } from '../../../src/domain/events/catalogue/index.js'
import { decodeEvent } from '../../../src/domain/events/decodeEvent.js'
import type { RecordedEvent, StoredEvent } from '../../../src/domain/events/recordedEvent.js'
import { evolveAllExecution } from '../../../src/domain/execution/evolveExecution.js'
import { absentExecution, type ExecutionState } from '../../../src/domain/execution/executionState.js'
import { valuesOf } from '../../../src/domain/execution/persistentMap.js'
import type { OpenWork } from '../../../src/execution/openWork.js'

/** Every run of a log, folded. */
export const runsOf = (events: readonly StoredEvent[]): ExecutionState[] => {
  const streams = new Map<string, RecordedEvent<ExecutionEvent>[]>()
  for (const event of events) {
    if (!event.stream.startsWith('execution-')) continue
    const stream = streams.get(event.stream) ?? []
    stream.push(decodeEvent(event) as RecordedEvent<ExecutionEvent>)
    streams.set(event.stream, stream)
  }
  return [...streams.values()].map((stream) => evolveAllExecution(absentExecution, stream))
}

/** Hints straight from the log: every run under way may have something overdue. */
export const openWorkOfLog = (events: () => readonly StoredEvent[]): OpenWork => {
  const inPhase = (phase: ExecutionState['phase']) => runsOf(events()).filter((state) => state.phase === phase)
  return {
    overdueAttempts: async () => inPhase('active'),
    attemptsOfOthers: async (executor) =>
      inPhase('active').filter(({ nodes }) =>
        [...valuesOf(nodes)].some(
          ({ status, history }) => status === 'running' && history.at(-1)?.executor !== executor,
        ),
      ),
    dueTimers: async () => [],
    queuedStarts: async () => inPhase('queued'),
    waitingParents: async () => [],
    openRuns: async (workflowId, triggerId) =>
      runsOf(events()).filter(
        (state) => state.workflowId === workflowId && state.trigger.nodeId === triggerId && state.phase !== 'ended',
      ),
    activeRuns: async (workflowId) => inPhase('active').filter((state) => state.workflowId === workflowId).length,
  }
}
