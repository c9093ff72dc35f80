import { DecoratorHandler, type Dispatcher, request } from 'undici'
import type { JsonValue } from '../../domain/json.js'
import { NodeFailure } from '../../domain/nodes/behaviour.js'
import { type AddressGuard, anyAddress, publicAddressesOnly } from './addressGuard.js'
import { BlockedAddress, createGuardedAgent } from './guardedAgent.js'
import { httpFailure, type Sent } from './httpFailure.js'
import { parseBody, readBytes } from './readBody.js'
import { followRedirect, isRedirect, type OutboundRequest } from './redirects.js'
import { type Resolver, systemResolver } from './resolver.js'
import { checkedTarget } from './target.js'

export interface OutboundResponse {
  readonly status: number
  /** Names in lower case; several values of one header joined with a comma. */
  readonly headers: { readonly [name: string]: string }
  readonly body: JsonValue
}

/** Requests to the world outside, guarded (docs/node-types.md, http.request). */
export interface OutboundHttp {
  /** Throws NodeFailure with an HttpFailureCode; its details say whether the request was sent. */
  send(request: OutboundRequest, signal: AbortSignal): Promise<OutboundResponse>
  close(): Promise<void>
}

export interface OutboundOptions {
  /** Opens private, loopback and all other addresses. For development. */
  readonly allowPrivateNetworks?: boolean
  readonly maxResponseBytes?: number
  readonly maxRedirects?: number
  readonly maxHeaders?: number
  readonly resolve?: Resolver
  readonly isAllowed?: AddressGuard
}

export const createOutboundHttp = (options: OutboundOptions = {}): OutboundHttp => {
  const { maxResponseBytes = 1024 * 1024, maxRedirects = 5, maxHeaders = 100, resolve = systemResolver } = options
  const isAllowed = options.isAllowed ?? (options.allowPrivateNetworks === true ? anyAddress : publicAddressesOnly)
  let agent: Dispatcher | undefined

  const send = async (first: OutboundRequest, signal: AbortSignal): Promise<OutboundResponse> => {
    agent ??= createGuardedAgent(resolve, isAllowed)
    let next = first
    let url = checkedTarget(first.url, undefined, isAllowed, 'no')
    for (let redirects = 0; ; redirects++) {
      const earlier: Sent = redirects === 0 ? 'no' : 'yes'
      const exchange = await sendOnce(agent, url, next, signal, earlier)
      try {
        const location = isRedirect(exchange.statusCode) ? exchange.headers.location : undefined
        if (location === undefined) return await readResponse(exchange, { maxResponseBytes, maxHeaders })
        await exchange.body.dump({ limit: 64 * 1024 })
        if (redirects >= maxRedirects) throw httpFailure('http_redirects', `more than ${maxRedirects} redirects`, 'yes')
        const target = checkedTarget(String(location), url, isAllowed, 'yes')
        next = followRedirect(next, exchange.statusCode, url, target)
        url = target
      } catch (error) {
        exchange.body.on('error', () => undefined).destroy()
        throw asFailure(error, signal, 'yes')
      }
    }
  }

  return {
    send,
    close: async () => {
      await agent?.destroy()
    },
  }
}

/** Notes when undici begins to write the request: until then it was certainly not sent. */
class StartNotice extends DecoratorHandler {
  constructor(
    private readonly handler: Dispatcher.DispatchHandler,
    private readonly started: () => void,
  ) {
    super(handler)
  }

  onRequestStart(controller: Dispatcher.DispatchController, context: unknown): void {
    this.started()
    this.handler.onRequestStart?.(controller, context)
  }
}

const sendOnce = async (
  agent: Dispatcher,
  url: URL,
  { method, headers, body }: OutboundRequest,
  signal: AbortSignal,
  earlier: Sent,
): Promise<Dispatcher.ResponseData> => {
  let sent = earlier
  const noticing = agent.compose((dispatch) => (options, handler) => {
    const notice = new StartNotice(handler, () => {
      if (sent === 'no') sent = 'maybe'
    })
    return dispatch(options, notice)
  })
  try {
    return await request(url, { dispatcher: noticing, method, headers, body: body ?? null, signal })
  } catch (error) {
    throw asFailure(error, signal, sent)
  }
}

const readResponse = async (
  { statusCode, headers, body }: Dispatcher.ResponseData,
  { maxResponseBytes, maxHeaders }: { maxResponseBytes: number; maxHeaders: number },
): Promise<OutboundResponse> => {
  const entries = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  )
  const count = entries.reduce((sum, [, value]) => sum + (Array.isArray(value) ? value.length : 1), 0)
  if (count > maxHeaders)
    throw httpFailure('http_response_too_large', `the response has more than ${maxHeaders} headers`, 'yes')
  const flat = Object.fromEntries(
    entries.map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  )
  if (Number(flat['content-length']) > maxResponseBytes) {
    throw httpFailure('http_response_too_large', `the response has more than ${maxResponseBytes} bytes`, 'yes', {
      limit: maxResponseBytes,
    })
  }
  const bytes = await readBytes(body, flat['content-encoding'], maxResponseBytes)
  return { status: statusCode, headers: flat, body: parseBody(bytes, flat['content-type']) }
}

const asFailure = (error: unknown, signal: AbortSignal, sent: Sent): NodeFailure => {
  if (error instanceof NodeFailure) return error
  if (signal.aborted) {
    const timedOut = signal.reason instanceof Error && signal.reason.name === 'TimeoutError'
    return timedOut
      ? httpFailure('http_timeout', 'no complete response in time', sent)
      : httpFailure('http_aborted', 'the request was given up', sent)
  }
  const { code, message } = innermost(error)
  if (code === 'FLOWLEDGER_BLOCKED_ADDRESS') return httpFailure('http_blocked_address', message, sent)
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return httpFailure('http_timeout', 'no connection in time', sent)
  if (code === 'UND_ERR_HEADERS_OVERFLOW')
    return httpFailure('http_response_too_large', 'the response headers are too large', 'yes')
  if (code === 'UND_ERR_INVALID_ARG') return httpFailure('http_invalid_request', message, sent)
  return httpFailure('http_connection', message, sent, code === undefined ? {} : { code })
}

/** Several addresses tried give one error that holds theirs. */
const innermost = (error: unknown): { code?: string; message: string } => {
  if (error instanceof AggregateError && error.errors.length > 0) return innermost(error.errors[0])
  if (!(error instanceof Error)) return { message: String(error) }
  const { code } = error as NodeJS.ErrnoException
  const blocked = error instanceof BlockedAddress || error.cause instanceof BlockedAddress
  if (blocked) return { code: 'FLOWLEDGER_BLOCKED_ADDRESS', message: error.message }
  return code === undefined ? { message: error.message } : { code, message: error.message || code }
}
