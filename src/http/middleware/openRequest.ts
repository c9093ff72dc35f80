import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import type { SpanSink } from '../../tracing/span.js'
import type { HttpMetrics } from '../metrics/httpMetrics.js'
import { openContext } from '../routing/requestContext.js'
import { isTraced, requestSpan } from './requestSpan.js'

const slowMs = 5_000

/**
 * What happens first: makes the request's context, echoes X-Request-Id, and when the answer is out counts it, sends its span
 * where `trace` is given, and writes the access line. At `info` only failures and slow requests are logged: a line for each
 * request costs more than the rest of this layer together. `debug` logs them all. Headers and bodies are never logged.
 */
export const openRequest =
  (logger: Logger, metrics: HttpMetrics, trace?: SpanSink) =>
  (request: IncomingMessage, response: ServerResponse): void => {
    const context = openContext(response)
    if (trace !== undefined) context.beginSpan()
    response.setHeader('X-Request-Id', context.requestId)
    response.once('close', () => {
      const finished = response.writableFinished
      if (!finished) context.abort()
      const milliseconds = performance.now() - context.startedAt
      const method = request.method ?? 'GET'
      // 499: the client left before the answer was out.
      const status = finished ? response.statusCode : 499
      metrics.observe(method, context.route, status, milliseconds / 1000)
      if (isTraced(context)) trace?.(requestSpan(context, { method, status, milliseconds }))
      const level = status >= 500 ? 'warn' : milliseconds > slowMs ? 'info' : 'debug'
      if (!logger.isLevelEnabled(level)) return
      const { requestId, principal, route, path } = context
      logger[level](
        { requestId, method, route, path, status, ms: Math.round(milliseconds), keyId: principal?.keyId },
        'request',
      )
    })
  }
