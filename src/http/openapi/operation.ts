import type { oas31, ZodOpenApiOperationObject, ZodOpenApiResponseObject } from 'zod-openapi'
import { problemMediaType, problemTitle } from '../problems/problem.js'
import type { ResponseSpec } from '../routing/answer.js'
import { headersOf, type Route } from '../routing/route.js'
import { requestHeaders, responseHeaders } from './headerSpecs.js'
import { problemsOf } from './problemsOf.js'

type Headers = Record<string, oas31.HeaderObject>

const requestId: Headers = {
  'X-Request-Id': { description: 'Id of the request, as in logs and events.', schema: { type: 'string' } },
}
const limits: Headers = {
  RateLimit: { description: 'What is left of the quota (draft-8).', schema: { type: 'string' } },
  'RateLimit-Policy': { description: 'The quota (draft-8).', schema: { type: 'string' } },
}
const retryAfter: Headers = {
  'Retry-After': { description: 'Seconds after which to try again.', schema: { type: 'integer', minimum: 1 } },
}

const success = (spec: ResponseSpec): ZodOpenApiResponseObject => {
  const declared = (spec.headers ?? []).map((name): [string, oas31.HeaderObject] => [name, responseHeaders[name]])
  const media = Object.entries(spec.media ?? {}).map(([type, { description }]) => [
    type,
    { schema: { type: 'string' as const, description } },
  ])
  const content = {
    ...(spec.body !== undefined && { 'application/json': { schema: spec.body } }),
    ...Object.fromEntries(media),
  }
  return {
    description: spec.description,
    headers: { ...requestId, ...limits, ...Object.fromEntries(declared) },
    ...(Object.keys(content).length > 0 && { content }),
  }
}

const problem = (status: number, codes: readonly string[]): ZodOpenApiResponseObject => ({
  description: codes.map(problemTitle).join('. '),
  headers: { ...requestId, ...(status === 429 || status === 503 ? retryAfter : {}) },
  content: {
    [problemMediaType]: {
      schema: {
        allOf: [{ $ref: '#/components/schemas/Problem' }],
        properties: { code: { type: 'string', enum: [...codes] }, status: { type: 'integer', const: status } },
      },
    },
  },
})

const headerParameters = (route: Route): oas31.ParameterObject[] =>
  headersOf(route).map((name) => ({
    in: 'header',
    name,
    required: false,
    description: requestHeaders[name].description,
    schema: requestHeaders[name].schema,
  }))

const securityOf = (route: Route): oas31.SecurityRequirementObject[] =>
  route.scope === 'public' ? [] : [{ apiKey: [] }, { bearer: [] }]

/** The OpenAPI operation of a route: everything it takes, everything it may answer. */
export const operationOf = (route: Route): ZodOpenApiOperationObject => {
  const responses: Record<string, ZodOpenApiResponseObject> = {}
  for (const [status, spec] of Object.entries(route.responses)) responses[status] = success(spec)
  for (const [status, codes] of problemsOf(route)) responses[status] = problem(status, codes)
  const scope =
    route.scope === 'public'
      ? 'Needs no key.'
      : route.scope === 'anyKey'
        ? 'Needs a key.'
        : `Scope: \`${route.scope}\`.`
  return {
    operationId: route.operationId,
    summary: route.summary,
    description: [route.description, scope].filter((text) => text !== undefined).join('\n\n'),
    tags: [route.tag],
    security: securityOf(route),
    parameters: headerParameters(route),
    requestParams: {
      ...(route.params !== undefined && { path: route.params }),
      ...(route.query !== undefined && { query: route.query }),
    },
    ...(route.body !== undefined && {
      requestBody: {
        required: route.bodyOptional !== true,
        content: {
          'application/json': { schema: route.body, ...(route.example !== undefined && { example: route.example }) },
        },
      },
    }),
    responses,
  }
}
