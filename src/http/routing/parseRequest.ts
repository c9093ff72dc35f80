import type { IncomingMessage } from 'node:http'
import { z } from 'zod'
import { FlowledgerError, invalid, notFound } from '../../domain/errors.js'
import { pointerOf } from '../../domain/jsonPointer.js'
import { formFields } from '../body/formFields.js'
import { jsonErrors } from '../body/jsonRules.js'
import { readHookBody } from '../body/readHookBody.js'
import { hasBody, readJsonBody } from '../body/readJsonBody.js'
import { inputErrors } from './inputErrors.js'
import type { Route } from './route.js'

/** As the router finds them; a wildcard's are its segments. */
export type PathParams = Readonly<Record<string, string | string[]>>

const joined = (params: PathParams): Record<string, string> =>
  Object.fromEntries(Object.entries(params).map(([name, value]) => [name, [value].flat().join('/')]))

/** A parameter that can't be one names nothing that exists: 404, as for one that names nothing. */
export const parseParams = (route: Route, params: PathParams, { path }: { path: string }): unknown => {
  if (route.params === undefined) return undefined
  const parsed = route.params.safeParse(route.wildcard === true ? joined(params) : params)
  if (!parsed.success) throw notFound('not_found', `There is nothing at ${path}.`)
  return parsed.data
}

const noQuery = z.strictObject({})

const fieldsOf = (url: string): Record<string, string | string[]> => {
  const start = url.indexOf('?')
  return start < 0 ? {} : formFields(new URLSearchParams(url.slice(start + 1)))
}

const refuseRepeated = (fields: Record<string, string | string[]>): void => {
  const repeated = Object.keys(fields).filter((name) => Array.isArray(fields[name]))
  if (repeated.length === 0) return
  const errors = repeated.map((name) => ({
    pointer: pointerOf([name]),
    code: 'repeated',
    detail: `The parameter ${name.slice(0, 100)} may be given once.`,
  }))
  throw invalid('invalid_query', 'The query is not valid.', errors)
}

/** Query parameters must be known, and come once each where the route does not say otherwise. */
export const parseQuery = (route: Route, url: string): unknown => {
  if (route.query === undefined && !url.includes('?')) return undefined
  const fields = fieldsOf(url)
  if (route.repeatableQuery !== true) refuseRepeated(fields)
  const parsed = (route.query ?? noQuery).safeParse(fields)
  const errors = [...jsonErrors(fields), ...(parsed.success ? [] : inputErrors(parsed.error))]
  if (errors.length > 0) throw invalid('invalid_query', 'The query is not valid.', errors)
  return parsed.data
}

export const parseBody = async (route: Route, request: IncomingMessage): Promise<unknown> => {
  if (route.anyBody === true) return readHookBody(request)
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
