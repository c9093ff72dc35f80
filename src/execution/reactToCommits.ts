import type { RunListener } from '../commands/executions/runHub.js'
import type { Attempts } from './attempts.js'
import type { ChildWaits } from './childWaits.js'
import type { QueuedRuns } from './queuedRuns.js'
import type { TimerService } from './timers.js'

export interface CommitReactions {
  /** Of this executor: only its own claims are its to carry out. */
  readonly name: string
  readonly attempts: Pick<Attempts, 'launch' | 'abort'>
  readonly children: Pick<ChildWaits, 'look' | 'ended'>
  readonly timers: Pick<TimerService, 'add'>
  readonly queued: Pick<QueuedRuns, 'add' | 'has'>
  /** Whether it was heard from elsewhere that the run's attempts must end. */
  readonly isToEnd: (executionId: string) => boolean
  readonly tend: (executionId: string) => void
  readonly admit: (workflowId: string) => void
}

/** What this process has just appended needs no way through the log: begins at once what follows from it. */
export const reactToCommits =
  ({ name, attempts, children, timers, queued, isToEnd, tend, admit }: CommitReactions): RunListener =>
  ({ executionId, state, events }) => {
    for (const event of events) {
      switch (event.type) {
        case 'NodeAttemptStarted':
          if (event.data.executor !== name) break
          attempts.launch(state, event.data.nodeId, event.data.attempt, event.id)
          if (isToEnd(executionId)) tend(executionId)
          break
        case 'NodeScheduled':
          if (event.data.wait?.kind === 'subworkflow' || event.data.wait?.kind === 'map') {
            children.look(executionId, event.data.nodeId)
          }
          break
        case 'TimerScheduled':
          timers.add(executionId, event.data.timerId, Date.parse(event.data.dueAt))
          break
        case 'ExecutionStarted':
          if (event.data.queued) queued.add(event.data.workflowId, executionId)
          break
        case 'ExecutionResumed':
        case 'ExecutionCancelRequested':
          tend(executionId)
          break
        case 'TimerFired':
          if (event.data.kind === 'runTimeout') tend(executionId)
          // It may be that of a wait for child runs, which are cancelled then.
          if (event.data.kind === 'nodeTimeout' && event.data.nodeId !== undefined) {
            children.look(executionId, event.data.nodeId)
          }
          break
        case 'NodeFailed':
          // Children of a run that is failing are cancelled before it ends.
          if (event.data.handling === 'failRun' && state.phase === 'active') tend(executionId)
          break
        case 'ExecutionCompleted':
        case 'ExecutionFailed':
        case 'ExecutionCancelled':
        case 'ExecutionTimedOut':
          if (state.outcome !== 'completed') attempts.abort(executionId, 'cancelled')
          children.ended(state)
          if (queued.has(state.workflowId)) admit(state.workflowId)
          break
        default:
      }
    }
  }
