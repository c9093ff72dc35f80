import type { z } from 'zod'
import type { Scope } from '../../domain/events/catalogue/apiKeys.js'
import type { HttpDependencies } from '../dependencies.js'
import type { Answer, AnswerOf, Responses } from './answer.js'
import type { RequestContext } from './requestContext.js'

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'

/** Request headers that a route honours; each brings its problems (see openapi/headerSpecs.ts). */
export type RequestHeaderName =
  | 'If-Match'
  | 'If-None-Match'
  | 'Idempotency-Key'
  | 'Prefer'
  | 'X-Consistency-Token'
  | 'Last-Event-ID'

export const tags = [
  'Workflows',
  'Graph',
  'Versions',
  'Secrets',
  'Executions',
  'Audit',
  'Projections',
  'API keys',
  'Hooks',
  'Service',
] as const
export type Tag = (typeof tags)[number]

/** The read models by the name of their projection. */
export type ProjectionName = 'workflows' | 'versions' | 'secrets' | 'executions' | 'work' | 'activity' | 'api_keys'

type Fields = z.ZodObject
type Output<S> = S extends z.ZodType ? z.output<S> : undefined

export interface RouteRequest<P, Q, B> {
  readonly params: Output<P>
  readonly query: Output<Q>
  readonly body: Output<B>
  readonly context: RequestContext
}

/** What is known of a route without its types: enough to serve and to document it. */
export interface Route {
  readonly method: Method
  /** An OpenAPI path template: `/v1/workflows/{id}`. */
  readonly path: string
  readonly operationId: string
  readonly summary: string
  readonly description?: string
  readonly tag: Tag
  /** The scope that the caller's key must have; `anyKey` needs a valid key, `public` none. */
  readonly scope: Scope | 'anyKey' | 'public'
  readonly params?: Fields
  readonly query?: Fields
  readonly body?: z.ZodType
  /** A query parameter that comes several times is a list of its values; elsewhere that is refused. */
  readonly repeatableQuery?: boolean
  /** Takes any text, form or JSON as its body (`unknown` of the handler), whatever the media type says. */
  readonly anyBody?: boolean
  /** The last parameter of the path takes all that is left of it, slashes too. */
  readonly wildcard?: boolean
  /** A body may be left out; then it is `{}`. */
  readonly bodyOptional?: boolean
  readonly headers?: readonly RequestHeaderName[]
  readonly responses: Responses
  /** Problem codes of its own by status. Those of its params, query, body, headers and scope follow from them. */
  readonly problems?: { readonly [status: number]: readonly string[] }
  /** The read model that it answers from: with X-Consistency-Token it waits until that has caught up (Prefer: wait=N). */
  readonly reads?: ProjectionName
  /** An example of the request's body. */
  readonly example?: unknown
  /** The longest until there is an answer, in milliseconds, beside what `Prefer: wait` asks for; a stream may then last as long as it does. Default 30,000. */
  readonly timeoutMs?: number
  handle(dependencies: HttpDependencies, request: RouteRequest<never, never, never>): Promise<Answer>
}

type RouteSpec<P, Q, B, R extends Responses> = Omit<Route, 'params' | 'query' | 'body' | 'responses' | 'handle'> & {
  readonly params?: P
  readonly query?: Q
  readonly body?: B
  readonly responses: R
  readonly handle: (dependencies: HttpDependencies, request: RouteRequest<P, Q, B>) => Promise<AnswerOf<NoInfer<R>>>
}

/** One definition gives validation, the handler's types and the OpenAPI operation. */
export const defineRoute = <
  const R extends Responses,
  P extends Fields | undefined = undefined,
  Q extends Fields | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
>(
  route: RouteSpec<P, Q, B, R>,
): Route => route as unknown as Route

/** The request headers that a route honours, with those that follow from what it reads. */
export const headersOf = (route: Pick<Route, 'headers' | 'reads'>): readonly RequestHeaderName[] =>
  route.reads === undefined ? (route.headers ?? []) : [...(route.headers ?? []), 'X-Consistency-Token', 'Prefer']
