import type { NodeError } from '../domain/events/catalogue/execution.js'
import type { ExecutionEvent } from '../domain/events/catalogue/index.js'
import type { RecordedEvent } from '../domain/events/recordedEvent.js'
import type { ExecutionState } from '../domain/execution/executionState.js'
import { getIn } from '../domain/execution/persistentMap.js'
import { causeOfRun, traceOfAttempt, traceOfRun } from '../domain/execution/runTrace.js'
import type { Span } from './span.js'

const textOf = ({ code, message }: NodeError): string => `${code}: ${message}`

type NodeEnd = RecordedEvent<
  Extract<ExecutionEvent, { type: 'NodeCompleted' | 'NodeFailed' | 'NodeAttemptFailed' | 'NodeInDoubt' }>
>

const failureOf = (event: NodeEnd): string | undefined => {
  if (event.type === 'NodeCompleted') return undefined
  return event.type === 'NodeInDoubt' ? `in doubt: ${event.data.reason}` : textOf(event.data.error)
}

const nodeSpan = (state: ExecutionState, event: NodeEnd): Span => {
  const { nodeId, key, nodeType, attempt = 0 } = event.data
  const { traceId, spanId } = traceOfAttempt(state, nodeId, attempt)
  const node = getIn(state.nodes, nodeId)
  const claimed = node?.history.find((record) => record.attempt === attempt)
  const end = Date.parse(event.metadata.occurredAt)
  const start = Date.parse(claimed?.startedAt ?? node?.startedAt ?? '')
  return {
    traceId,
    spanId,
    parentSpanId: traceOfRun(state).spanId,
    name: `${nodeType} ${key}`,
    kind: 'internal',
    start: Number.isNaN(start) ? end : Math.min(start, end),
    end,
    attributes: {
      'flowledger.execution.id': state.executionId,
      'flowledger.node.id': nodeId,
      'flowledger.node.key': key,
      'flowledger.node.type': nodeType,
      'flowledger.node.attempt': attempt,
    },
    error: failureOf(event),
  }
}

const runSpan = (state: ExecutionState, end: string): Span => {
  const { traceId, spanId } = traceOfRun(state)
  const { outcome = 'completed', error } = state
  const failed = outcome === 'failed' || outcome === 'timedOut'
  return {
    traceId,
    spanId,
    parentSpanId: causeOfRun(state),
    name: 'run',
    kind: 'internal',
    start: Date.parse(state.startedAt),
    end: Date.parse(end),
    attributes: {
      'flowledger.execution.id': state.executionId,
      'flowledger.execution.outcome': outcome,
      'flowledger.workflow.id': state.workflowId,
      'flowledger.workflow.version': state.version,
      'flowledger.trigger': state.trigger.type,
    },
    error: failed ? (error === undefined ? outcome : textOf(error)) : undefined,
  }
}

/**
 * The spans that end with events just appended to a run, out of which `state` came: one for each attempt and each node that
 * was decided, one for the run. They are derived from the log alone. A run that fails, is retried and ends again sends its
 * span again.
 */
export const runSpans = (state: ExecutionState, events: readonly RecordedEvent<ExecutionEvent>[]): Span[] => {
  if (!traceOfRun(state).sampled) return []
  return events.flatMap((event) => {
    switch (event.type) {
      case 'NodeCompleted':
      case 'NodeFailed':
      case 'NodeAttemptFailed':
      case 'NodeInDoubt':
        return [nodeSpan(state, event)]
      case 'ExecutionCompleted':
      case 'ExecutionFailed':
      case 'ExecutionCancelled':
      case 'ExecutionTimedOut':
        return [runSpan(state, event.metadata.occurredAt)]
      default:
        return []
    }
  })
}
