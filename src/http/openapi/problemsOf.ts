import { headersOf, type Route } from '../routing/route.js'
import { requestHeaders } from './headerSpecs.js'

type Codes = { readonly [status: number]: readonly string[] }

const ofBody = (route: Route): Codes => {
  if (route.body === undefined) return route.method === 'get' ? {} : { 400: ['body_not_expected'] }
  return {
    400: ['malformed_json', 'body_incomplete'],
    413: ['body_too_large'],
    415: ['unsupported_media_type'],
    422: ['invalid_body'],
  }
}

const ofScope = (route: Route): Codes => {
  if (route.scope === 'public') return {}
  return { 401: ['unauthenticated'], ...(route.scope !== 'anyKey' && { 403: ['forbidden'] }) }
}

/** Every problem code that a route may answer, by status: its own, and those of its params, query, body, headers and scope. */
export const problemsOf = (route: Route): ReadonlyMap<number, readonly string[]> => {
  const sources: Codes[] = [
    ofScope(route),
    ofBody(route),
    route.params === undefined ? {} : { 404: ['not_found'] },
    { 422: ['invalid_query'] },
    ...headersOf(route).map((name) => requestHeaders[name].problems),
    route.problems ?? {},
    { 429: ['rate_limited'], 500: ['internal'], 503: ['log_unavailable', 'store_unavailable', 'timeout'] },
  ]
  const codes = new Map<number, Set<string>>()
  for (const source of sources)
    for (const [status, listed] of Object.entries(source)) {
      const known = codes.get(Number(status)) ?? new Set()
      for (const code of listed) known.add(code)
      codes.set(Number(status), known)
    }
  return new Map([...codes].sort(([a], [b]) => a - b).map(([status, known]) => [status, [...known]]))
}
