import type { NodeError } from '../../events/catalogue/execution.js'
import type { PureOutcome, WaitPlan } from '../../nodes/behaviour.js'
import { advanceFrom } from '../advance.js'
import { completeNode } from '../completeNode.js'
import { type ExecutionState, type NodeState, recordOf } from '../executionState.js'
import { finishRun } from '../finishRun.js'
import { wishInDoubt } from '../inDoubt.js'
import { maxCrashes } from '../limits.js'
import { failNode } from '../nodeFailures.js'
import { openAttempt } from '../openAttempt.js'
import { beginWait } from '../openWait.js'
import { valuesOf } from '../persistentMap.js'
import {
  beginRun,
  decisionOf,
  emit,
  mayAdvance,
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
  /** The attempt of a waiting node found out what it waits for. */
  | { readonly kind: 'planned'; readonly wait: WaitPlan }
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
  const fields = { ...nodeFields(planned), attempt }
  const told =
    outcome.kind === 'failed' ? { outcome: 'failed' as const, error: outcome.error } : { outcome: 'completed' as const }
  emit(run, { type: 'NodeResultDiscarded', data: { ...fields, ...told } })
}

const isRecorded = ({ attempts, status, history }: NodeState, attempt: number, { kind }: AttemptOutcome): boolean =>
  (attempts === attempt && (status === 'completed' || status === 'failed' || status === 'held')) ||
  (attempts === attempt && status === 'waiting' && kind === 'planned') ||
  history.some(
    (record) => record.attempt === attempt && (record.outcome === 'discarded' || record.outcome === 'failed'),
  )

/** What neither succeeded nor failed: it found out what to wait for, or had to give in. */
const isNoResult = (outcome: AttemptOutcome): boolean =>
  outcome.kind === 'planned' || (outcome.kind === 'failed' && outcome.error.class === 'aborted')

/** A run that is failing takes the results of what it had begun; one that is stopped takes nothing any more. */
const isCutOff = ({ phase, ending }: ExecutionState, outcome: AttemptOutcome): boolean =>
  phase === 'ended' || (ending !== undefined && (ending.outcome !== 'failed' || isNoResult(outcome)))

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
  if (node === undefined || isRecorded(node, attempt, outcome)) return nothingToDo
  if (isCutOff(state, outcome) || !isAwaited(node, attempt)) {
    discard(run, planned, attempt, outcome)
    finishRun(run)
    return decisionOf(run)
  }
  if (hasTimedOut(run.state, node)) timeOutWait(run, planned, node, 'nodeTimeout')
  else if (outcome.kind === 'completed') completeNode(run, planned, node.inputFrom, outcome, attempt)
  else if (outcome.kind === 'planned') beginWait(run, planned, node.inputFrom, outcome.wait, recordOf(node, attempt))
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
  const handling = crashed || state.ending !== undefined ? 'hold' : wishInDoubt(planned)
  const told = crashed ? `${reason}; it is the ${maxCrashes}rd time in a row` : reason
  emit(run, { type: 'NodeInDoubt', data: { ...nodeFields(planned), attempt, handling, reason: told } })
  if (handling === 'retry' && mayAdvance(run.state)) openAttempt(run, planned, node.inputFrom)
  finishRun(run)
  return decisionOf(run)
}
