import type { TraceContext } from '../../domain/trace.js'
import type { Span } from '../../tracing/span.js'
import type { RequestContext } from '../routing/requestContext.js'

export interface Answered {
  readonly method: string
  readonly status: number
  readonly milliseconds: number
}

const probes: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics'])

type TracedRequest = RequestContext & { readonly span: TraceContext }

/** Probes and scrapes would hide what matters. */
export const isTraced = (context: RequestContext): context is TracedRequest =>
  context.span?.sampled === true && !probes.has(context.route)

/** A request as OpenTelemetry's conventions for HTTP servers want it. Only a failure of the server's counts as an error. */
export const requestSpan = (context: TracedRequest, { method, status, milliseconds }: Answered): Span => {
  const end = Date.now()
  return {
    traceId: context.span.traceId,
    spanId: context.span.spanId,
    parentSpanId: context.caller?.spanId,
    name: `${method} ${context.route}`,
    kind: 'server',
    start: end - milliseconds,
    end,
    attributes: {
      'http.request.method': method,
      'http.route': context.route,
      'http.response.status_code': status,
      'url.path': context.path,
      'flowledger.request.id': context.requestId,
      ...(context.principal !== undefined && { 'flowledger.key.id': context.principal.keyId }),
    },
    error: status >= 500 ? `${status}` : undefined,
  }
}
