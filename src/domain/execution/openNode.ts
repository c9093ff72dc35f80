import type { WaitPlan } from '../nodes/behaviour.js'
import { completeNode } from './completeNode.js'
import type { RecordedWait } from './executionState.js'
import { jsonBytes } from './jsonSize.js'
import { consumeKeptSignal } from './keptSignals.js'
import { runLimits } from './limits.js'
import { failNode, failureOf } from './nodeFailures.js'
import { emit, later, nodeFields, nodeState, type Run } from './run.js'
import type { PlannedNode } from './runPlan.js'
import { scopeOf } from './scope.js'
import { timerId } from './timerIds.js'

/** What a node type needs beyond its own configured timeout to report that. */
const ownTimeoutSlackMs = 5_000

/** For a pure node in a worker thread, where its own limit is time on a core, and ten times as much by the clock. */
const costlyTimeoutMs = 60_000

/**
 * Upper bound of an attempt without its wait for a thread, in milliseconds: the policy's, else the type's, or what the config
 * wants if that is more.
 */
export const attemptTimeoutMs = ({ policy, node, type }: PlannedNode): number => {
  if (policy.timeoutMs !== undefined) return policy.timeoutMs
  const bound = type.kind === 'sideEffect' ? type.defaultTimeoutMs : costlyTimeoutMs
  const { timeoutMs } = node.config
  return typeof timeoutMs === 'number' ? Math.max(bound, timeoutMs + ownTimeoutSlackMs) : bound
}

/** The longest wait for a thread, in milliseconds: where one is needed for certain, and where data prove to need one. */
export const threadWaitMs = ({ needsThread }: PlannedNode): number => (needsThread ? 60_000 : 5_000)

/** Stable over retries (execution.md, promise 4). */
export const idempotencyKeyOf = (executionId: string, nodeId: string): string => `${executionId}:${nodeId}:0`

/** An attempt may start: claimed at once where this process has room, else handed to whoever has. */
export const openAttempt = (run: Run, planned: PlannedNode, inputFrom: readonly string[]): void => {
  const { claim, now } = run.env
  const fields = { ...nodeFields(planned), inputFrom: [...inputFrom] }
  const node = nodeState(run, planned.node.id)
  if (claim === undefined || run.claimed >= claim.slots) {
    if (node?.status !== 'scheduled') emit(run, { type: 'NodeScheduled', data: fields })
    return
  }
  run.claimed += 1
  const attempt = (node?.attempts ?? 0) + 1
  const leaseUntil = later(now, attemptTimeoutMs(planned) + threadWaitMs(planned) + claim.graceMs)
  const idempotencyKey = idempotencyKeyOf(run.state.executionId, planned.node.id)
  emit(run, {
    type: 'NodeAttemptStarted',
    data: { ...fields, attempt, executor: claim.executor, leaseUntil, idempotencyKey },
  })
}

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

/** Begins to wait, and records for what. A signal that came before is taken at once. */
export const openWait = (run: Run, planned: PlannedNode, inputFrom: readonly string[]): void => {
  const { type, node, policy } = planned
  if (type.kind !== 'wait') throw new Error(`${node.key} does not wait`)
  const attempt = (nodeState(run, node.id)?.attempts ?? 0) + 1
  let wait: WaitPlan
  try {
    wait = withPinnedVersion(
      run,
      type.plan(node.config, scopeOf(run.state, planned, inputFrom), run.env.engine, run.env.now),
    )
  } catch (thrown) {
    failNode(run, planned, inputFrom, failureOf(thrown))
    return
  }
  if (wait.kind === 'map' && wait.inputs.length === 0) {
    completeNode(run, planned, inputFrom, { output: [], ports: ['out'] })
    return
  }
  const data = { ...nodeFields(planned), inputFrom: [...inputFrom], attempt, wait: recorded(wait) }
  const bytes = wait.kind === 'subworkflow' || wait.kind === 'map' ? jsonBytes(data, runLimits.event) : 0
  if (bytes > runLimits.event) {
    const message = `the input of its runs makes an event of more than the ${runLimits.event} bytes that are allowed`
    failNode(run, planned, inputFrom, { class: 'limit', code: 'input_too_large', message })
    return
  }
  emit(run, { type: 'NodeScheduled', data }, bytes)
  if (wait.kind === 'signal' && consumeKeptSignal(run, planned)) return
  if (wait.kind === 'timer') scheduleTimer(run, 'delay', node.id, attempt, wait.dueAt)
  if (wait.kind === 'signal' && wait.timeoutAt !== undefined) {
    scheduleTimer(run, 'signalTimeout', node.id, attempt, wait.timeoutAt)
  }
  if (policy.timeoutMs !== undefined) {
    scheduleTimer(run, 'nodeTimeout', node.id, attempt, later(run.env.now, policy.timeoutMs))
  }
}
