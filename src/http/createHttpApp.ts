import express, { type Express, type NextFunction, type Request, type Response } from 'express'
import { notFound } from '../domain/errors.js'
import type { HttpDependencies } from './dependencies.js'
import { createHttpMetrics } from './metrics/httpMetrics.js'
import { openRequest } from './middleware/openRequest.js'
import { createRateLimit } from './middleware/rateLimit.js'
import { securityHeaders } from './middleware/securityHeaders.js'
import { createOpenApiDocument } from './openapi/createOpenApiDocument.js'
import { docsRouter } from './openapi/docs.js'
import { HttpProblem } from './problems/httpProblem.js'
import { routes } from './routes/index.js'
import { mountRoutes } from './routing/mountRoutes.js'
import { sendProblem } from './routing/sendProblem.js'

/** One second's worth of a machine at full load, a minute long: it stops floods, not work. */
const defaultRateLimit = { limit: 300_000, windowMs: 60_000 }

/**
 * The HTTP API. Every route is in `routes`, from which `/openapi.json` is made; `/docs` shows it. Knows nothing of how its
 * dependencies are made.
 */
export const createHttpApp = (dependencies: HttpDependencies): Express => {
  const { logger, registry, version, nodeTypes } = dependencies
  const app = express()
  app.disable('x-powered-by').disable('etag').set('query parser', 'simple').set('case sensitive routing', true)
  app.use(openRequest(logger, createHttpMetrics(registry)), securityHeaders())

  mountRoutes(app, routes, dependencies, createRateLimit(dependencies.rateLimit ?? defaultRateLimit))

  const document = JSON.stringify(createOpenApiDocument(routes, { version, nodeTypes }))
  app.get('/openapi.json', (_request, response) => void response.type('application/json').send(document))
  app.use('/docs', docsRouter())

  app.use((request: Request) => {
    throw notFound('route_not_found', `There is no route ${request.path}.`)
  })
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    sendProblem(logger, response, asProblem(error))
  })
  return app
}

/** Express and its router throw errors with a `status` for targets that they can't read. */
const asProblem = (error: unknown): unknown => {
  const status = error instanceof Error && 'status' in error ? error.status : undefined
  return status === 400 ? new HttpProblem(400, 'malformed_target', 'The request target cannot be decoded.') : error
}
