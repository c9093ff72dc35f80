import type { Router } from 'express'
import type { HttpDependencies } from '../dependencies.js'
import type { RateLimit } from '../middleware/rateLimit.js'
import { HttpProblem } from '../problems/httpProblem.js'
import { contextOf } from './requestContext.js'
import type { Method, Route } from './route.js'
import { serveRoute } from './serveRoute.js'

/** `/v1/workflows/{id}` as Express writes it. */
const expressPath = (template: string): string => template.replace(/\{(\w+)\}/g, ':$1')

const allowOf = (methods: readonly Method[]): string =>
  [...(methods.includes('get') ? ['GET', 'HEAD'] : []), ...methods.filter((method) => method !== 'get'), 'OPTIONS']
    .map((method) => method.toUpperCase())
    .join(', ')

/** Mounts every route, and for every path the answer to the methods it does not have: 405 with Allow. */
export const mountRoutes = (
  router: Router,
  routes: readonly Route[],
  dependencies: HttpDependencies,
  limit: RateLimit,
): void => {
  for (const path of new Set(routes.map((route) => route.path))) {
    const ofPath = routes.filter((route) => route.path === path)
    const mounted = router.route(expressPath(path))
    for (const route of ofPath) mounted[route.method](serveRoute(dependencies, limit, route))
    const allow = allowOf(ofPath.map(({ method }) => method))
    mounted.all((request, response) => {
      contextOf(response).route = path
      if (request.method === 'OPTIONS') return void response.writeHead(204, { Allow: allow }).end()
      throw new HttpProblem(405, 'method_not_allowed', `${request.method} is not possible here.`, { Allow: allow })
    })
  }
}
