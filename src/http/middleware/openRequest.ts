import type { RequestHandler } from 'express'
import type { Logger } from 'pino'
import type { HttpMetrics } from '../metrics/httpMetrics.js'
import { RequestContext } from '../routing/requestContext.js'

const slowMs = 5_000

/**
 * The first middleware: makes the request's context, echoes X-Request-Id, and when the answer is out counts it and writes
 * the access line. At `info` only failures and slow requests are logged: a line for each request costs more than the rest
 * of this layer together. `debug` logs them all. Headers and bodies are never logged.
 */
export const openRequest =
  (logger: Logger, metrics: HttpMetrics): RequestHandler =>
  (request, response, next) => {
    const context = new RequestContext(request)
    response.locals.context = context
    response.setHeader('X-Request-Id', context.requestId)
    response.once('close', () => {
      if (!response.writableFinished) context.abort()
      const milliseconds = performance.now() - context.startedAt
      const { method } = request
      const status = response.writableFinished ? response.statusCode : 499
      metrics.observe(method, context.route, status, milliseconds / 1000)
      const level = status >= 500 ? 'warn' : milliseconds > slowMs ? 'info' : 'debug'
      if (!logger.isLevelEnabled(level)) return
      const { requestId, principal, route, path } = context
      logger[level](
        { requestId, method, route, path, status, ms: Math.round(milliseconds), key: principal?.keyId },
        'request',
      )
    })
    next()
  }
