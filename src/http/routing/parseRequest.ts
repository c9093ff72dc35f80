import type { Request } from 'express'
import { z } from 'zod'
import { FlowledgerError, invalid, notFound } from '../../domain/errors.js'
import { hasBody, readJsonBody } from '../body/readJsonBody.js'
import { inputErrors } from './inputErrors.js'
import type { Route } from './route.js'

/** A parameter that can't be one names nothing that exists: 404, as for one that names nothing. */
export const parseParams = (route: Route, request: Request): unknown => {
  if (route.params === undefined) return undefined
  const parsed = route.params.safeParse(request.params)
  if (!parsed.success) throw notFound('not_found', `There is nothing at ${request.path}.`)
  return parsed.data
}

const noQuery = z.strictObject({})
const isRepeated = (value: unknown): boolean => typeof value !== 'string'

/** Query parameters come once each and must be known. */
export const parseQuery = (route: Route, request: Request): unknown => {
  if (!request.url.includes('?') && route.query === undefined) return undefined
  const query = request.query as Record<string, unknown>
  const repeated = Object.keys(query).filter((name) => isRepeated(query[name]))
  const errors = repeated.map((name) => ({
    pointer: `/${name}`,
    code: 'repeated',
    detail: `${name} may be given once.`,
  }))
  if (errors.length > 0) throw invalid('invalid_query', 'The query is not valid.', errors)
  const parsed = (route.query ?? noQuery).safeParse(query)
  if (!parsed.success) throw invalid('invalid_query', 'The query is not valid.', inputErrors(parsed.error))
  return parsed.data
}

export const parseBody = async (route: Route, request: Request): Promise<unknown> => {
  if (route.body === undefined) {
    if (hasBody(request) && request.method !== 'GET' && request.method !== 'HEAD')
      throw new FlowledgerError('malformed', 'body_not_expected', 'This request takes no body.')
    return undefined
  }
  const body = await readJsonBody(request)
  if (body === undefined && route.bodyOptional !== true)
    throw new FlowledgerError('malformed', 'malformed_json', 'The body is missing.')
  const parsed = route.body.safeParse(body ?? {})
  if (!parsed.success) throw invalid('invalid_body', 'The body is not valid.', inputErrors(parsed.error))
  return parsed.data
}
