import type { Retry } from '../definition.js'
import type { NodeError } from '../events/catalogue/execution.js'
import type { EventData } from '../events/catalogue/index.js'
import { ExpressionError } from '../expressions/expressionEngine.js'
import { NodeFailure } from '../nodes/behaviour.js'
import { emit, later, nodeFields, nodeState, type Run } from './run.js'
import type { PlannedNode } from './runPlan.js'
import { timerId } from './timerIds.js'

/** What is recorded of something that was thrown while a node was evaluated. Anything unexpected is not the node's fault: thrown on. */
export const failureOf = (thrown: unknown): NodeError => {
  if (thrown instanceof NodeFailure) return thrown.error
  if (thrown instanceof ExpressionError) return { class: 'expression', code: thrown.code, message: thrown.message }
  throw thrown
}

export const outputTooLarge = (limit: number): NodeError => ({
  class: 'limit',
  code: 'output_too_large',
  message: `the output makes an event of more than the ${limit} bytes that are allowed`,
})

const isRetried = ({ retryOn, doNotRetryOn }: Retry, { code, class: errorClass }: NodeError): boolean => {
  const names = (list: readonly string[]) => list.includes(code) || list.includes(errorClass)
  if (doNotRetryOn !== undefined && names(doNotRetryOn)) return false
  return retryOn === undefined || names(retryOn)
}

/** The wait before the try after `tries` ones, in milliseconds: exponential, capped, shortened by up to `jitter`. */
export const retryDelay = (retry: Retry, tries: number, random: number): number => {
  const full = Math.min(retry.maxMs, retry.initialMs * retry.factor ** (tries - 1))
  return Math.round(full * (1 - retry.jitter * random))
}

/** What follows a failure for good: the error port where it is connected, else the policy. */
export const handlingOf = (planned: PlannedNode): EventData<'NodeFailed'>['handling'] =>
  planned.connected.has('error') ? 'errorPort' : (planned.policy.onError ?? 'failRun')

/** Retries first, then the error policy. `attempt` is absent for nodes that are evaluated inline. */
export const failNode = (
  run: Run,
  planned: PlannedNode,
  inputFrom: readonly string[],
  error: NodeError,
  attempt?: number,
): void => {
  const node = nodeState(run, planned.node.id)
  const { retry } = planned.policy
  const fields = nodeFields(planned)
  if (attempt !== undefined && retry !== undefined && run.state.ending === undefined) {
    const tries = node?.tries ?? 1
    if (tries < retry.maxAttempts && isRetried(retry, error)) {
      const retryAt = later(run.env.now, retryDelay(retry, tries, run.env.random))
      emit(run, { type: 'NodeAttemptFailed', data: { ...fields, attempt, error, retryAt } })
      const timer = { timerId: timerId('retry', fields.nodeId, attempt), kind: 'retry', nodeId: fields.nodeId } as const
      emit(run, { type: 'TimerScheduled', data: { ...timer, dueAt: retryAt } })
      return
    }
  }
  failForGood(run, planned, inputFrom, error, handlingOf(planned), attempt)
}

export const failForGood = (
  run: Run,
  planned: PlannedNode,
  inputFrom: readonly string[],
  error: NodeError,
  handling: EventData<'NodeFailed'>['handling'],
  attempt?: number,
): void => {
  const data = { ...nodeFields(planned), inputFrom: [...inputFrom], error, handling }
  emit(run, { type: 'NodeFailed', data: { ...data, ...(attempt === undefined ? undefined : { attempt }) } })
}
