import type { Router } from 'express'
import { HttpProblem } from '../problems/httpProblem.js'
import { contextOf } from './requestContext.js'
import type { Method, Route } from './route.js'
import { type Serving, serveRoute } from './serveRoute.js'

/** `/v1/workflows/{id}` as Express writes it. */
const expressPath = ({ path, wildcard }: Route): string =>
  (wildcard === true ? path.replace(/\{(\w+)\}$/, '*$1') : path).replace(/\{(\w+)\}/g, ':$1')

const allowOf = (methods: readonly Method[]): string =>
  [...(methods.includes('get') ? ['GET', 'HEAD'] : []), ...methods.filter((method) => method !== 'get'), 'OPTIONS']
    .map((method) => method.toUpperCase())
    .join(', ')

const firstOfPaths = (routes: readonly Route[]): readonly Route[] =>
  routes.filter((route, index) => routes.findIndex(({ path }) => path === route.path) === index)

/** Mounts every route, and for every path the answer to the methods it does not have: 405 with Allow. */
export const mountRoutes = (router: Router, routes: readonly Route[], serving: Serving): void => {
  for (const first of firstOfPaths(routes)) {
    const { path } = first
    const ofPath = routes.filter((route) => route.path === path)
    const mounted = router.route(expressPath(first))
    for (const route of ofPath) mounted[route.method](serveRoute(serving, route))
    const allow = allowOf(ofPath.map(({ method }) => method))
    mounted.all((request, response) => {
      contextOf(response).route = path
      if (request.method === 'OPTIONS') return void response.writeHead(204, { Allow: allow }).end()
      throw new HttpProblem(405, 'method_not_allowed', `${request.method} is not possible here.`, { Allow: allow })
    })
  }
}
