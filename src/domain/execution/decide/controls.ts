import { conflict } from '../../errors.js'
import { advanceAll } from '../advance.js'
import type { ExecutionState } from '../executionState.js'
import { finishRun } from '../finishRun.js'
import { valuesOf } from '../persistentMap.js'
import { beginRun, decisionOf, emit, nothingToDo, type RunDecision, type RunEnvironment } from '../run.js'
import type { RunPlan } from '../runPlan.js'
import { scheduleRunTimeout } from './startRun.js'

const because = (reason: string | undefined) => (reason === undefined ? {} : { reason })

export const refuseEnded = ({ phase, outcome }: ExecutionState): void => {
  if (phase === 'ended') throw conflict('execution_ended', `the run is ${outcome}`)
}

/** Cancels a run in any state. Cancelling one that is being cancelled, or is cancelled, changes nothing. */
export const decideCancel = (
  state: ExecutionState,
  plan: RunPlan,
  env: RunEnvironment,
  reason?: string,
): RunDecision => {
  if (state.outcome === 'cancelled' || state.ending?.outcome === 'cancelled') return nothingToDo
  refuseEnded(state)
  const run = beginRun(state, plan, env)
  emit(run, { type: 'ExecutionCancelRequested', data: because(reason) })
  finishRun(run)
  return decisionOf(run)
}

export const decidePause = (
  state: ExecutionState,
  plan: RunPlan,
  env: RunEnvironment,
  reason?: string,
): RunDecision => {
  refuseEnded(state)
  if (state.ending !== undefined) throw conflict('execution_ending', 'the run is about to end')
  if (state.paused) return nothingToDo
  const run = beginRun(state, plan, env)
  emit(run, { type: 'ExecutionPaused', data: because(reason) })
  return decisionOf(run)
}

/** After a pause. A run in the queue stays in the queue. */
export const decideResume = (
  state: ExecutionState,
  plan: RunPlan,
  env: RunEnvironment,
  reason?: string,
): RunDecision => {
  refuseEnded(state)
  if (!state.paused) return nothingToDo
  const run = beginRun(state, plan, env)
  emit(run, { type: 'ExecutionResumed', data: { from: 'paused', ...because(reason) } })
  advanceAll(run)
  return decisionOf(run)
}

/** A place became free. */
export const decideDequeue = (state: ExecutionState, plan: RunPlan, env: RunEnvironment): RunDecision => {
  if (state.phase !== 'queued' || state.ending !== undefined || state.paused) return nothingToDo
  const run = beginRun(state, plan, env)
  emit(run, { type: 'ExecutionResumed', data: { from: 'queued' } })
  scheduleRunTimeout(run)
  advanceAll(run)
  return decisionOf(run)
}

/** The failed nodes again, and what the end had cut off; what is decided is kept (execution.md). */
export const decideRetry = (
  state: ExecutionState,
  plan: RunPlan,
  env: RunEnvironment,
  reason?: string,
): RunDecision => {
  if (state.phase !== 'ended') throw conflict('execution_not_ended', 'the run has not ended')
  if (state.outcome !== 'failed') throw conflict('execution_not_failed', `the run is ${state.outcome}`)
  const retriedNodeIds: string[] = []
  for (const node of valuesOf(state.nodes)) {
    if (node.status === 'cancelled' || (node.status === 'failed' && node.handling === 'failRun'))
      retriedNodeIds.push(node.nodeId)
  }
  const run = beginRun(state, plan, env)
  emit(
    run,
    { type: 'ExecutionResumed', data: { from: 'failed', retriedNodeIds, ...because(reason) } },
    retriedNodeIds.length * 40,
  )
  scheduleRunTimeout(run)
  advanceAll(run)
  return decisionOf(run)
}

/** Goes on where an earlier append was cut, or ends what only waited for its grace. */
export const decideContinue = (state: ExecutionState, plan: RunPlan, env: RunEnvironment): RunDecision => {
  const run = beginRun(state, plan, env)
  advanceAll(run)
  return decisionOf(run)
}
