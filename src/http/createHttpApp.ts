import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import express from 'express'
import { notFound } from '../domain/errors.js'
import type { HttpDependencies } from './dependencies.js'
import { createHttpMetrics } from './metrics/httpMetrics.js'
import { createProjectionMetrics } from './metrics/projectionMetrics.js'
import { openRequest } from './middleware/openRequest.js'
import { createRateLimit } from './middleware/rateLimit.js'
import { securityHeaders } from './middleware/securityHeaders.js'
import { createOpenApiDocument } from './openapi/createOpenApiDocument.js'
import { createDocs } from './openapi/docs.js'
import { HttpProblem } from './problems/httpProblem.js'
import { routes } from './routes/index.js'
import { mountRoutes } from './routing/mountRoutes.js'
import { contextOf, type RequestContext } from './routing/requestContext.js'
import { sendProblem } from './routing/sendProblem.js'

/** More than a machine at full load can do: it stops floods, not work. */
const defaultRateLimit = { limit: 300_000, windowMs: 60_000 }

/** Express's router throws errors with a `status` for targets that it can't decode. */
const asProblem = (error: unknown): unknown => {
  const status = error instanceof Error && 'status' in error ? error.status : undefined
  return status === 400 ? new HttpProblem(400, 'malformed_target', 'The request target cannot be decoded.') : error
}

const readOnly = { Allow: 'GET, HEAD' }

/** A listener for Node's HTTP server. */
export interface HttpApp extends RequestListener {
  /** Ends the streams (server-sent events, exports) that are being written, so that a stopping server needn't wait for them. */
  endStreams(): void
}

/**
 * The HTTP API, for `http.createServer` or `startHttpServer`. Every route is in `routes`, from which `/openapi.json` is made;
 * `/docs` shows it. Knows nothing of how its dependencies are made.
 *
 * The routes hang on Express's router, without the `express()` around it: that gives each request and response another
 * prototype, which costs 0.06 ms of CPU, three times as much as Node's own HTTP. Only the documentation needs it.
 */
export const createHttpApp = (dependencies: HttpDependencies): HttpApp => {
  const { logger, registry, version, nodeTypes } = dependencies
  const open = openRequest(logger, createHttpMetrics(registry), dependencies.trace)
  createProjectionMetrics(registry, dependencies.projections)
  const protect = securityHeaders()
  const router = express.Router({ caseSensitive: true })
  const limit = createRateLimit(dependencies.rateLimit ?? defaultRateLimit)
  const streaming = new Set<RequestContext>()
  mountRoutes(router, routes, { dependencies, limit, streaming })
  const document = JSON.stringify(createOpenApiDocument(routes, { version, nodeTypes }))
  const fail = (error: unknown, response: ServerResponse): void => {
    const nothing = (): Error => notFound('route_not_found', `There is no route ${contextOf(response).path}.`)
    sendProblem(logger, response, error === undefined || error === null ? nothing() : asProblem(error))
  }
  const docs = createDocs(document, (error, _request, response) => fail(error, response))

  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    open(request, response)
    protect(response)
    const otherwise = (error?: unknown): void => {
      if (error || !docs.serves(contextOf(response).path)) fail(error, response)
      else if (request.method === 'GET' || request.method === 'HEAD') docs.listener(request, response)
      else
        fail(new HttpProblem(405, 'method_not_allowed', `${request.method} is not possible here.`, readOnly), response)
    }
    router(request as express.Request, response as express.Response, otherwise)
  }
  return Object.assign(listener, {
    endStreams: () => {
      for (const context of streaming) context.abort()
    },
  })
}
