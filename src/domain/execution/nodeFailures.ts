import type { NodeError } from '../events/catalogue/execution.js'
import type { EventData } from '../events/catalogue/index.js'
import { ExpressionError } from '../expressions/expressionEngine.js'
import { NodeFailure } from '../nodes/behaviour.js'
import { waitBeforeRetry } from './retries.js'
import { emit, later, nodeFields, nodeState, type Run } from './run.js'
import type { PlannedNode } from './runPlan.js'
import { timerId } from './timerIds.js'

/** What is recorded of something that was thrown while a node was evaluated. Anything unexpected is not the node's fault: thrown on. */
export const failureOf = (thrown: unknown): NodeError => {
  if (thrown instanceof NodeFailure) return thrown.error
  if (thrown instanceof ExpressionError) return { class: 'expression', code: thrown.code, message: thrown.message }
  throw thrown
}

/** Whether it was only too much for the append of a whole branch: an attempt in a worker thread has a far larger budget. */
export const needsThread = ({ class: errorClass, code }: NodeError): boolean =>
  errorClass === 'expression' && code === 'expression_limit'

export const outputTooLarge = (limit: number): NodeError => ({
  class: 'limit',
  code: 'output_too_large',
  message: `the output makes an event of more than the ${limit} bytes that are allowed`,
})

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
  const fields = nodeFields(planned)
  if (attempt !== undefined && run.state.ending === undefined) {
    const tries = nodeState(run, fields.nodeId)?.tries ?? 1
    const wait = waitBeforeRetry(planned.policy.retry, tries, error, run.env)
    if (wait !== undefined) {
      const retryAt = later(run.env.now, wait)
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
