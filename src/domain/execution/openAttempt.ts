import { emit, later, nodeFields, nodeState, type Run } from './run.js'
import type { PlannedNode } from './runPlan.js'

/** What a node type needs beyond its own configured timeout to report that. */
const ownTimeoutSlackMs = 5_000

/** For expressions in a worker thread, where their own limit is time on a core, and ten times as much by the clock. */
const costlyTimeoutMs = 60_000

/**
 * Upper bound of an attempt without its wait for a thread, in milliseconds: the policy's, else the type's, or what the config
 * wants if that is more. A waiting node's policy bounds its wait, not the attempt that finds out for what.
 */
export const attemptTimeoutMs = ({ policy, node, type }: PlannedNode): number => {
  if (type.kind === 'wait') return costlyTimeoutMs
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
