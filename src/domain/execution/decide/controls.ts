import { conflict } from '../../errors.js'
import { advanceAll } from '../advance.js'
import { type ExecutionState, endedAs, type NodeState } from '../executionState.js'
import { finishRun } from '../finishRun.js'
import { doubtAtEnd, wishInDoubt } from '../inDoubt.js'
import { valuesOf } from '../persistentMap.js'
import {
  beginRun,
  decisionOf,
  emit,
  nodeFields,
  nothingToDo,
  type Run,
  type RunDecision,
  type RunEnvironment,
} from '../run.js'
import { plannedNode, type RunPlan } from '../runPlan.js'
import { scheduleRunTimeout } from './startRun.js'

const refuseEnded = ({ phase, outcome }: ExecutionState): void => {
  if (phase === 'ended') throw conflict('execution_ended', `The run has ended: it ${endedAs[outcome ?? 'completed']}.`)
}

/** Nothing changes the course of a run that is about to end but its cancellation. */
export const refuseEndedOrEnding = (state: ExecutionState): void => {
  refuseEnded(state)
  if (state.ending !== undefined)
    throw conflict('execution_ending', `The run is about to end: it ${endedAs[state.ending.outcome]}.`)
}

const because = (reason: string | undefined) => (reason === undefined ? {} : { reason })

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
  refuseEndedOrEnding(state)
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
  refuseEndedOrEnding(state)
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

/**
 * The failed nodes again, and what the end had cut off; what is decided is kept (execution.md). An attempt that may have taken
 * effect is held where doubts are: who asks for the run has said nothing of that effect.
 */
export const decideRetry = (
  state: ExecutionState,
  plan: RunPlan,
  env: RunEnvironment,
  reason?: string,
): RunDecision => {
  if (state.phase !== 'ended')
    throw conflict('execution_not_ended', 'Only a run that failed can be retried, and this one has not ended.')
  if (state.outcome !== 'failed') {
    const ended = endedAs[state.outcome ?? 'completed']
    throw conflict('execution_not_failed', `Only a run that failed can be retried, and this one ${ended}.`)
  }
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
  for (const node of valuesOf(state.nodes)) holdAgain(run, node)
  scheduleRunTimeout(run)
  advanceAll(run)
  return decisionOf(run)
}

const holdAgain = (run: Run, node: NodeState): void => {
  const planned = plannedNode(run.plan, node.nodeId)
  const reason = doubtAtEnd(planned, node)
  if (reason === undefined || wishInDoubt(planned) !== 'hold') return
  const data = { ...nodeFields(planned), attempt: node.attempts, handling: 'hold' as const, reason }
  emit(run, { type: 'NodeInDoubt', data })
}

/** Goes on where an earlier append was cut, or ends what only waited for its grace. */
export const decideContinue = (state: ExecutionState, plan: RunPlan, env: RunEnvironment): RunDecision => {
  const run = beginRun(state, plan, env)
  advanceAll(run)
  return decisionOf(run)
}
