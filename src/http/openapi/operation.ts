import type { oas31, ZodOpenApiOperationObject, ZodOpenApiResponseObject, ZodOpenApiResponsesObject } from 'zod-openapi'
import { problemMediaType, problemTitle } from '../problems/problem.js'
import type { ResponseSpec } from '../routing/answer.js'
import { headersOf, type Route } from '../routing/route.js'
import { headerReference, parameterReference } from './headerSpecs.js'
import { problemsOf } from './problemsOf.js'

type Headers = Record<string, oas31.ReferenceObject>

/** Where problem answers are collected that several operations share. */
export interface SharedResponses {
  /** A reference to the component with this answer. */
  share(name: string, response: ZodOpenApiResponseObject): oas31.ReferenceObject
}

const headersNamed = (names: readonly string[]): Headers =>
  Object.fromEntries(names.map((name) => [name, headerReference(name)]))

const everyAnswer = ['X-Request-Id', 'RateLimit', 'RateLimit-Policy']

/** Headers that a refusal carries beside those. */
const ofRefusal: { readonly [status: number]: readonly string[] } = {
  405: ['Allow'],
  429: ['Retry-After'],
  503: ['Retry-After'],
}

const success = (spec: ResponseSpec): ZodOpenApiResponseObject => {
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
    headers: headersNamed([...everyAnswer, ...(spec.headers ?? [])]),
    ...(Object.keys(content).length > 0 && { content }),
  }
}

const problem = (status: number, codes: readonly string[]): ZodOpenApiResponseObject => ({
  description: codes.map(problemTitle).join('. '),
  headers: headersNamed([...everyAnswer, ...(ofRefusal[status] ?? [])]),
  content: {
    [problemMediaType]: {
      schema: {
        allOf: [{ $ref: '#/components/schemas/Problem' }],
        properties: { code: { type: 'string', enum: [...codes] }, status: { type: 'integer', const: status } },
      },
    },
  },
})

/** A status that may be an answer as well as a problem (a 503 of /readyz), told apart by its media type. */
const both = (answer: ZodOpenApiResponseObject, refusal: ZodOpenApiResponseObject): ZodOpenApiResponseObject => ({
  description: `${answer.description}. ${refusal.description}`,
  headers: { ...answer.headers, ...refusal.headers } as Headers,
  content: { ...answer.content, ...refusal.content },
})

const responsesOf = (route: Route, shared: SharedResponses): ZodOpenApiResponsesObject => {
  const responses: Record<string, ZodOpenApiResponseObject | oas31.ReferenceObject> = {}
  for (const [status, spec] of Object.entries(route.responses)) responses[status] = success(spec)
  for (const [status, codes] of problemsOf(route)) {
    const answer = route.responses[status]
    responses[status] =
      answer === undefined
        ? shared.share([status, ...codes].join('.'), problem(status, codes))
        : both(success(answer), problem(status, codes))
  }
  return responses
}

const securityOf = (route: Route): oas31.SecurityRequirementObject[] =>
  route.scope === 'public' ? [] : [{ apiKey: [] }, { bearer: [] }]

const scopeText = (route: Route): string => {
  if (route.scope === 'public') return 'Needs no key.'
  return route.scope === 'anyKey' ? 'Needs a key.' : `Scope: \`${route.scope}\`.`
}

/** The OpenAPI operation of a route: everything it takes, everything it may answer. */
export const operationOf = (route: Route, shared: SharedResponses): ZodOpenApiOperationObject => ({
  operationId: route.operationId,
  summary: route.summary,
  description: [route.description, scopeText(route)].filter((text) => text !== undefined).join('\n\n'),
  tags: [route.tag],
  security: securityOf(route),
  parameters: headersOf(route).map(parameterReference),
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
  responses: responsesOf(route, shared),
})
