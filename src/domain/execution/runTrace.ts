import { derivedSpanId, derivedTraceId, parseTraceparent, type TraceContext } from '../trace.js'
import type { ExecutionState } from './executionState.js'

export type TracedRun = Pick<ExecutionState, 'executionId' | 'correlationId' | 'traceparent' | 'parent'>

/** What led to a run: the request's span, or the parent run's. Undefined for one that began by itself. */
export const causeOfRun = ({ traceparent, parent }: TracedRun): string | undefined =>
  parseTraceparent(traceparent)?.spanId ?? (parent === undefined ? undefined : derivedSpanId(parent.executionId))

/** A run's own span. Runs that nobody traced share a trace where they share a correlation: parents, children, children's children. */
export const traceOfRun = ({ executionId, correlationId, traceparent }: TracedRun): TraceContext => {
  const given = parseTraceparent(traceparent)
  const spanId = derivedSpanId(executionId)
  return given === undefined ? { traceId: derivedTraceId(correlationId), spanId, sampled: true } : { ...given, spanId }
}

/** The span of one attempt of a node; a node that is decided without an attempt has the number 0. */
export const traceOfAttempt = (run: TracedRun, nodeId: string, attempt: number): TraceContext => ({
  ...traceOfRun(run),
  spanId: derivedSpanId(run.executionId, nodeId, attempt),
})
