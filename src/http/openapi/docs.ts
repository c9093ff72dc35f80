import { type RequestHandler, Router } from 'express'
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

/** `/docs`: Swagger UI over `/openapi.json`, from files of this machine only. */
export const docsRouter = (): Router => {
  const router = Router()
  const options = {
    customSiteTitle: 'Flowledger API',
    swaggerOptions: { url: '/openapi.json', persistAuthorization: false, validatorUrl: null },
  }
  router.use(docsPolicy(), swaggerUi.serveFiles(undefined, options), swaggerUi.setup(undefined, options))
  return router
}
