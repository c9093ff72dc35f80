import type { WaitPlan } from '../nodes/behaviour.js'
import { completeNode } from './completeNode.js'
import type { AttemptRecord, RecordedWait } from './executionState.js'
import { jsonBytes } from './jsonSize.js'
import { consumeKeptSignal } from './keptSignals.js'
import { runLimits } from './limits.js'
import { failNode, failureOf, needsThread } from './nodeFailures.js'
import { openAttempt } from './openAttempt.js'
import { emit, later, mayAdvance, nodeFields, nodeState, type Run } from './run.js'
import type { PlannedNode } from './runPlan.js'
import { scopeOf } from './scope.js'
import { timerId } from './timerIds.js'

const recorded = (wait: WaitPlan): RecordedWait => {
  if (wait.kind === 'signal') return { kind: 'signal', name: wait.name }
  if (wait.kind === 'map') return { ...wait, inputs: [...wait.inputs] }
  return wait
}

const scheduleTimer = (
  run: Run,
  kind: 'delay' | 'signalTimeout' | 'nodeTimeout',
  nodeId: string,
  attempt: number,
  dueAt: string,
) => emit(run, { type: 'TimerScheduled', data: { timerId: timerId(kind, nodeId, attempt), kind, nodeId, dueAt } })

/** A child without a version of its own runs the one that was published when this run's version was. */
const withPinnedVersion = (run: Run, wait: WaitPlan): WaitPlan => {
  if ((wait.kind !== 'subworkflow' && wait.kind !== 'map') || wait.version !== undefined) return wait
  const pin = run.state.subworkflows?.find(({ workflowId }) => workflowId === wait.workflowId)
  return pin === undefined ? wait : { ...wait, version: pin.version }
}

/**
 * Begins to wait, and records for what. A signal that came before is taken at once. `plannedBy`: the attempt that found out,
 * where one was needed; the wait has its number, and its time counts from the start of it.
 */
export const beginWait = (
  run: Run,
  planned: PlannedNode,
  inputFrom: readonly string[],
  plan: WaitPlan,
  plannedBy?: AttemptRecord,
): void => {
  const { node, policy } = planned
  const wait = withPinnedVersion(run, plan)
  const attempt = plannedBy?.attempt ?? (nodeState(run, node.id)?.attempts ?? 0) + 1
  if (wait.kind === 'map' && wait.inputs.length === 0) {
    completeNode(run, planned, inputFrom, { output: [], ports: ['out'] }, plannedBy?.attempt)
    return
  }
  const data = { ...nodeFields(planned), inputFrom: [...inputFrom], attempt, wait: recorded(wait) }
  const bytes = wait.kind === 'subworkflow' || wait.kind === 'map' ? jsonBytes(data, runLimits.event) : 0
  if (bytes > runLimits.event) {
    const message = `the input of its runs makes an event of more than the ${runLimits.event} bytes that are allowed`
    failNode(run, planned, inputFrom, { class: 'limit', code: 'input_too_large', message }, plannedBy?.attempt)
    return
  }
  emit(run, { type: 'NodeScheduled', data }, bytes)
  if (wait.kind === 'signal' && mayAdvance(run.state) && consumeKeptSignal(run, planned)) return
  if (wait.kind === 'timer') scheduleTimer(run, 'delay', node.id, attempt, wait.dueAt)
  if (wait.kind === 'signal' && wait.timeoutAt !== undefined) {
    scheduleTimer(run, 'signalTimeout', node.id, attempt, wait.timeoutAt)
  }
  if (policy.timeoutMs !== undefined) {
    const dueAt = later(plannedBy?.startedAt ?? run.env.now, policy.timeoutMs)
    scheduleTimer(run, 'nodeTimeout', node.id, attempt, dueAt)
  }
}

/** Finds out what the node waits for, and begins to; an attempt does where that is too much to be done here. */
export const openWait = (run: Run, planned: PlannedNode, inputFrom: readonly string[]): void => {
  const { type, node } = planned
  if (type.kind !== 'wait') throw new Error(`${node.key} does not wait`)
  let plan: WaitPlan
  try {
    plan = type.plan(node.config, scopeOf(run.state, planned, inputFrom), run.env.engine, run.env.now)
  } catch (thrown) {
    const error = failureOf(thrown)
    if (needsThread(error)) openAttempt(run, planned, inputFrom)
    else failNode(run, planned, inputFrom, error)
    return
  }
  beginWait(run, planned, inputFrom, plan)
}
