import { createHash, randomBytes, randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { v5 } from 'uuid'
import type { AuthenticatedKey } from '../../commands/apiKeys/apiKeyAuthenticator.js'
import type { CommandContext } from '../../commands/commandHandler.js'
import type { Clock, IdSource } from '../../commands/ports.js'
import { canonicalJson } from '../../domain/canonicalJson.js'
import { FlowledgerError } from '../../domain/errors.js'
import type { Actor } from '../../domain/events/metadata.js'
import { formatTraceparent, parseTraceparent, type TraceContext } from '../../domain/trace.js'
import { parseIfMatch } from '../headers/entityTag.js'
import { preferredWait } from '../headers/prefer.js'
import type { RequestHeaderName } from './route.js'

const commandNamespace = '5f0b1c8e-6a63-4b5e-9a53-3d8f1f0c7f11'
const requestIdPattern = /^[\w.:@/+-]{1,128}$/
const idempotencyKeyPattern = /^[\x21-\x7e]{1,255}$/

/** What belongs to a request and not to its route. One per request, made before anything else happens. */
export class RequestContext {
  readonly requestId: string
  readonly startedAt = performance.now()
  /** Set once the key is known. */
  principal: AuthenticatedKey | undefined
  /** The template of the route that serves it, for logs and metrics. */
  route = 'unmatched'
  /** The request headers that the route declares; others of them are not looked at. */
  honoured: readonly RequestHeaderName[] = []
  /** The request's own span, where it is traced. */
  span: TraceContext | undefined
  #traceId: string | undefined
  #abort: AbortController | undefined
  #aborted = false

  constructor(readonly request: IncomingMessage) {
    const given = request.headers['x-request-id']
    this.requestId = typeof given === 'string' && requestIdPattern.test(given) ? given : randomUUID()
  }

  header(name: Lowercase<string>): string | undefined {
    const value = this.request.headers[name]
    return Array.isArray(value) ? value.join(', ') : value
  }

  /** The caller's place in a trace, where there is a valid one. */
  get caller(): TraceContext | undefined {
    return parseTraceparent(this.header('traceparent'))
  }

  /** The caller's trace where there is one, else one made up for this request. */
  get traceId(): string {
    this.#traceId ??= this.caller?.traceId ?? randomUUID().replaceAll('-', '')
    return this.#traceId
  }

  /** Gives the request a span of its own, in the caller's trace where there is one. */
  beginSpan(): void {
    const spanId = randomBytes(8).toString('hex')
    this.span = { traceId: this.traceId, spanId, sampled: this.caller?.sampled ?? true }
  }

  /** The request's target without its query. */
  get path(): string {
    const url = this.request.url ?? '/'
    const end = url.indexOf('?')
    return end < 0 ? url : url.slice(0, end)
  }

  /** Aborts when the client leaves or the time is over. Made only for those who ask. */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController()
      if (this.#aborted) this.#abort.abort()
    }
    return this.#abort.signal
  }

  abort(): void {
    this.#aborted = true
    this.#abort?.abort()
  }

  get actor(): Actor {
    return this.principal?.actor ?? { kind: 'system', id: 'http', name: 'HTTP' }
  }

  /** Seconds of `Prefer: wait`. */
  get wait(): number | undefined {
    return preferredWait(this.header('prefer'))
  }

  /**
   * The context of the command that this request is. With an Idempotency-Key the command's id follows from who asks, where
   * and the key, so a repeated request leads to the same event ids, in every process and after every restart.
   */
  command({ clock, ids }: { clock: Clock; ids: IdSource }, body: unknown): CommandContext {
    const key = this.idempotencyKey
    const commandId = key === undefined ? ids.next() : this.#derivedId(key)
    const trace = this.span ?? this.caller
    const ifMatch = this.honoured.includes('If-Match') ? parseIfMatch(this.header('if-match')) : undefined
    return {
      commandId,
      actor: this.actor,
      now: clock.now().toISOString(),
      correlationId: this.requestId,
      causationId: commandId,
      ...(trace !== undefined && { traceparent: formatTraceparent(trace) }),
      ...(key !== undefined && {
        requestHash: createHash('sha256')
          .update(canonicalJson(body ?? null))
          .digest('hex'),
      }),
      ...(ifMatch !== undefined && { ifMatch }),
    }
  }

  get idempotencyKey(): string | undefined {
    const key = this.honoured.includes('Idempotency-Key') ? this.header('idempotency-key') : undefined
    if (key !== undefined && !idempotencyKeyPattern.test(key))
      throw new FlowledgerError(
        'malformed',
        'invalid_idempotency_key',
        'Idempotency-Key must be 1 to 255 visible ASCII characters.',
      )
    return key
  }

  #derivedId(key: string): string {
    return v5(JSON.stringify([this.actor.id, this.request.method, this.path, key]), commandNamespace)
  }
}

interface Opened {
  context?: RequestContext
}

/** Makes the context of a request, to be found by its response. */
export const openContext = (response: ServerResponse): RequestContext => {
  const context = new RequestContext(response.req)
  ;(response as Opened).context = context
  return context
}

/** The context that was made when the request came. */
export const contextOf = (response: ServerResponse): RequestContext =>
  (response as Opened).context ?? openContext(response)
