import type { RequestListener } from 'node:http'
import express, { type Express, type NextFunction, type Request, type RequestHandler, type Response } from 'express'
import helmet from 'helmet'
import swaggerUi from 'swagger-ui-express'

/** Swagger UI needs its own scripts and inline styles; nothing comes from another host, nothing is sent anywhere. */
const docsPolicy = (): RequestHandler =>
  helmet.contentSecurityPolicy({
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'", "'unsafe-inline'"],
      imgSrc: ["'self'", 'data:'],
      connectSrc: ["'self'"],
      frameAncestors: ["'none'"],
    },
  })

export interface Docs {
  serves(path: string): boolean
  readonly listener: RequestListener
}

/** `/openapi.json`, and `/docs`, to which `/` leads: Swagger UI over it, from files of this machine only. What they don't have goes to `fail`. */
export const createDocs = (
  document: string,
  fail: (error: unknown, request: Request, response: Response) => void,
): Docs => {
  const app: Express = express()
  app.disable('x-powered-by').disable('etag')
  app.get('/', (_request, response) => response.redirect('/docs'))
  app.get('/openapi.json', (_request, response) => void response.type('application/json').send(document))
  const options = {
    customSiteTitle: 'Flowledger API',
    swaggerOptions: { url: '/openapi.json', persistAuthorization: false, validatorUrl: null },
  }
  app.use('/docs', docsPolicy(), swaggerUi.serveFiles(undefined, options), swaggerUi.setup(undefined, options))
  app.use((request: Request, response: Response) => fail(undefined, request, response))
  // Express knows an error handler by its four parameters.
  app.use((error: unknown, request: Request, response: Response, _next: NextFunction) => fail(error, request, response))
  return {
    serves: (path) => path === '/' || path === '/openapi.json' || path === '/docs' || path.startsWith('/docs/'),
    listener: app as RequestListener,
  }
}
