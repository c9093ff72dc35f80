import type { NodeError } from '../../events/catalogue/execution.js'
import type { PureOutcome } from '../../nodes/behaviour.js'
import { advanceFrom, mayAdvance } from '../advance.js'
import { completeNode } from '../completeNode.js'
import type { ExecutionState, NodeState } from '../executionState.js'
import { finishRun } from '../finishRun.js'
import { maxCrashes } from '../limits.js'
import { failNode } from '../nodeFailures.js'
import { openAttempt } from '../openNode.js'
import { valuesOf } from '../persistentMap.js'
import {
  beginRun,
  decisionOf,
  emit,
  nodeFields,
  nodeState,
  nothingToDo,
  type Run,
  type RunDecision,
  type RunEnvironment,
} from '../run.js'
import { type PlannedNode, plannedNode, type RunPlan } from '../runPlan.js'
import { hasTimedOut, timeOutWait } from '../waitTimeout.js'

/** An attempt, or one wait of a waiting node. */
export interface AttemptRef {
  readonly nodeId: string
  readonly attempt: number
}

export type AttemptOutcome =
  | ({ readonly kind: 'completed' } & PureOutcome)
  | { readonly kind: 'failed'; readonly error: NodeError }

/** Claims scheduled nodes as far as the environment has slots. Of two executors that decide this one loses at the append. */
export const decideClaim = (
  state: ExecutionState,
  plan: RunPlan,
  env: RunEnvironment,
  nodeIds: readonly string[],
): RunDecision => {
  const run = beginRun(state, plan, env)
  if (!mayAdvance(state)) return nothingToDo
  for (const nodeId of nodeIds) {
    const node = nodeState(run, nodeId)
    if (node?.status === 'scheduled') openAttempt(run, plannedNode(plan, nodeId), node.inputFrom)
  }
  return decisionOf(run)
}

const discard = (run: Run, planned: PlannedNode, attempt: number, outcome: AttemptOutcome): void => {
  const error = outcome.kind === 'failed' ? { error: outcome.error } : undefined
  const data = { ...nodeFields(planned), attempt, outcome: outcome.kind, ...error }
  emit(run, { type: 'NodeResultDiscarded', data })
}

const isRecorded = (node: NodeState, attempt: number): boolean =>
  (node.attempts === attempt && (node.status === 'completed' || node.status === 'failed' || node.status === 'held')) ||
  node.history.some(
    (record) => record.attempt === attempt && (record.outcome === 'discarded' || record.outcome === 'failed'),
  )

/** Whether a result of that attempt still counts. A late one settles the doubt about its own attempt. */
const isAwaited = ({ status, attempts }: NodeState, attempt: number): boolean =>
  attempts === attempt && (status === 'running' || status === 'waiting' || status === 'inDoubt')

/** Records how an attempt ended, with everything that follows from it. Recording it again changes nothing. */
export const decideOutcome = (
  state: ExecutionState,
  plan: RunPlan,
  env: RunEnvironment,
  { nodeId, attempt }: AttemptRef,
  outcome: AttemptOutcome,
): RunDecision => {
  const run = beginRun(state, plan, env)
  const planned = plannedNode(plan, nodeId)
  const node = nodeState(run, nodeId)
  if (node === undefined || isRecorded(node, attempt)) return nothingToDo
  const cutOff = state.phase === 'ended' || (state.ending !== undefined && state.ending.outcome !== 'failed')
  if (cutOff || !isAwaited(node, attempt)) {
    discard(run, planned, attempt, outcome)
    finishRun(run)
    return decisionOf(run)
  }
  if (hasTimedOut(run.state, node)) timeOutWait(run, planned, node, 'nodeTimeout')
  else if (outcome.kind === 'completed') completeNode(run, planned, node.inputFrom, outcome, attempt)
  else failNode(run, planned, node.inputFrom, outcome.error, attempt)
  advanceFrom(run, [nodeId])
  claimScheduled(run)
  return decisionOf(run)
}

/** The place that this attempt leaves goes to another one of the same run, in the same append. */
const claimScheduled = (run: Run): void => {
  const { claim } = run.env
  if (claim === undefined || !mayAdvance(run.state)) return
  for (const { nodeId, status, inputFrom } of [...valuesOf(run.state.nodes)]) {
    if (run.claimed >= claim.slots) return
    if (status === 'scheduled') openAttempt(run, plannedNode(run.plan, nodeId), inputFrom)
  }
}

/**
 * An attempt whose executor is gone. What follows is the policy's, else the node type's; where the same step crashed its
 * process again and again, or the run is ending, an operator must look at it.
 */
export const decideInDoubt = (
  state: ExecutionState,
  plan: RunPlan,
  env: RunEnvironment,
  { nodeId, attempt }: AttemptRef,
  reason: string,
): RunDecision => {
  const run = beginRun(state, plan, env)
  const planned = plannedNode(plan, nodeId)
  const node = nodeState(run, nodeId)
  if (state.phase === 'ended' || node?.status !== 'running' || node.attempts !== attempt) return nothingToDo
  const crashed = node.crashes + 1 >= maxCrashes
  const { type } = planned
  const wish = planned.policy.inDoubt ?? (type.kind === 'sideEffect' ? type.inDoubt(planned.node.config) : 'retry')
  const handling = crashed || state.ending !== undefined ? 'hold' : wish
  const told = crashed ? `${reason}; it is the ${maxCrashes}rd time in a row` : reason
  emit(run, { type: 'NodeInDoubt', data: { ...nodeFields(planned), attempt, handling, reason: told } })
  if (handling === 'retry' && mayAdvance(run.state)) openAttempt(run, planned, node.inputFrom)
  finishRun(run)
  return decisionOf(run)
}
