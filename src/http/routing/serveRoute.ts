import type { IncomingMessage, ServerResponse } from 'node:http'
import type { HttpDependencies } from '../dependencies.js'
import { maxWaitSeconds } from '../headers/prefer.js'
import { authenticate } from '../middleware/authenticate.js'
import type { RateLimit } from '../middleware/rateLimit.js'
import { HttpProblem } from '../problems/httpProblem.js'
import type { Answer } from './answer.js'
import { type PathParams, parseBody, parseParams, parseQuery } from './parseRequest.js'
import { contextOf, type RequestContext } from './requestContext.js'
import { headersOf, type Route, type RouteRequest } from './route.js'
import { sendProblem } from './sendProblem.js'
import { waitForProjection } from './waitForProjection.js'
import { writeAnswer } from './writeAnswer.js'

const defaultTimeoutMs = 30_000

/** A request for which the router found a route. */
export type RoutedRequest = IncomingMessage & { readonly params: PathParams }
export type RouteListener = (request: RoutedRequest, response: ServerResponse) => void

/** Rejects when the time of the request is over, so that no client waits for ever on a store that hangs. */
const withTimeout = (context: RequestContext, route: Route, work: Promise<Answer>): Promise<Answer> => {
  const milliseconds = (route.timeoutMs ?? defaultTimeoutMs) + Math.min(context.wait ?? 0, maxWaitSeconds) * 1000
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      context.abort()
      reject(
        new HttpProblem(503, 'timeout', 'The request took too long. It may still take effect.', { 'Retry-After': '1' }),
      )
    }, milliseconds)
    work.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

/** What all routes of an app share. */
export interface Serving {
  readonly dependencies: HttpDependencies
  readonly limit: RateLimit
  /** Requests whose answer is a stream that is being written. */
  readonly streaming: Set<RequestContext>
}

const answerOf = async (
  { dependencies, limit }: Serving,
  route: Route,
  request: RoutedRequest,
  response: ServerResponse,
): Promise<Answer> => {
  const context = contextOf(response)
  try {
    await authenticate(dependencies.authenticator, route, context)
  } finally {
    // Wrong keys count too (by address): each of them may cost a look into the log.
    await limit(response)
  }
  const params = parseParams(route, request.params, context)
  const query = parseQuery(route, request.url ?? '/')
  const body = await parseBody(route, request)
  if (route.reads !== undefined) {
    dependencies.readTraffic.read()
    await waitForProjection(dependencies.progress, route.reads, context)
  }
  const parsed = { params, query, body, context } as RouteRequest<never, never, never>
  return withTimeout(context, route, route.handle(dependencies, parsed))
}

const write = async (
  response: ServerResponse,
  answer: Answer,
  context: RequestContext,
  streaming: Set<RequestContext>,
): Promise<void> => {
  if (answer.stream === undefined) return writeAnswer(response, answer)
  streaming.add(context)
  try {
    await writeAnswer(response, answer)
  } finally {
    streaming.delete(context)
  }
}

/** The path of a request through a route: who, how often, what; then the handler's answer is written. */
export const serveRoute = (serving: Serving, route: Route): RouteListener => {
  const honoured = headersOf(route)
  const serve = async (request: RoutedRequest, response: ServerResponse): Promise<void> => {
    const context = contextOf(response)
    context.route = route.path
    context.honoured = honoured
    try {
      await write(response, await answerOf(serving, route, request, response), context, serving.streaming)
    } catch (error) {
      sendProblem(serving.dependencies.logger, response, error)
    }
  }
  return (request, response) => void serve(request, response)
}
