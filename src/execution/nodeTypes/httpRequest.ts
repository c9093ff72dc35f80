import { z } from 'zod'
import type { JsonObject, JsonValue } from '../../domain/json.js'
import { jsonValueSchema } from '../../domain/jsonSchema.js'
import type { SideEffectNodeType } from '../../domain/nodes/behaviour.js'
import { httpFailure } from '../outbound/httpFailure.js'
import type { OutboundHttp } from '../outbound/outboundHttp.js'
import { orTemplate, parseResolved } from './configs.js'

const method = z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
const timeoutMs = z.int().min(1).max(600_000)
const status = z.int().min(100).max(599)
const scalar = z.union([z.string(), z.number(), z.boolean()])

/** Headers that are the connection's matter, not the user's. */
const reserved = new Set([
  ...['connection', 'content-length', 'expect', 'host', 'keep-alive', 'proxy-authenticate', 'proxy-authorization'],
  ...['proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'accept-encoding'],
])
const headerName = z
  .string()
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/, 'It must be a header name.')
  .refine((name) => !reserved.has(name.toLowerCase()), 'It is set by the connection itself.')

const headers = z.record(headerName, scalar)
const query = z.record(z.string(), z.union([scalar, z.null(), z.array(scalar)]))

const configSchema = z.strictObject({
  method: orTemplate(method).default('GET'),
  url: z.string().min(1).max(16_384),
  headers: orTemplate(headers).optional(),
  query: orTemplate(z.record(z.string(), z.union([scalar, z.null(), z.array(scalar)]))).optional(),
  body: jsonValueSchema.optional(),
  timeoutMs: orTemplate(timeoutMs).optional(),
  successStatus: orTemplate(z.array(orTemplate(status)).min(1).max(100)).optional(),
})

const resolvedSchema = z.strictObject({
  method: method.default('GET'),
  url: z.string().min(1).max(16_384),
  headers: headers.default({}),
  query: query.default({}),
  body: jsonValueSchema.optional(),
  timeoutMs: timeoutMs.default(30_000),
  successStatus: z.array(status).optional(),
})

const hasKeyOfItsOwn = (config: JsonObject): boolean =>
  config.headers !== null &&
  typeof config.headers === 'object' &&
  Object.keys(config.headers).some((name) => name.toLowerCase() === 'idempotency-key')

const withQuery = (address: string, parameters: z.infer<typeof query>): string => {
  const pairs = Object.entries(parameters).flatMap(([name, value]) => {
    const values = value === null ? [] : Array.isArray(value) ? value : [value]
    return values.map((item) => `${encodeURIComponent(name)}=${encodeURIComponent(String(item))}`)
  })
  if (pairs.length === 0) return address
  const [before = '', fragment] = address.split(/#(.*)/s)
  const joined = before + (before.includes('?') ? '&' : '?') + pairs.join('&')
  return fragment === undefined ? joined : `${joined}#${fragment}`
}

/** A string goes as it is, anything else as JSON. */
const bodyOf = (body: JsonValue | undefined): { text?: string; type?: string } => {
  if (body === undefined || body === null) return {}
  return typeof body === 'string'
    ? { text: body, type: 'text/plain; charset=utf-8' }
    : { text: JSON.stringify(body), type: 'application/json' }
}

const withoutBody = new Set(['GET', 'HEAD'])

const isSuccess = (status: number, wanted: readonly number[] | undefined): boolean =>
  wanted === undefined ? status >= 200 && status < 300 : wanted.includes(status)

/** Characters of a body that an error keeps. A larger one is left out, not cut: half a secret could not be redacted. */
const maxErrorBody = 8_000

const errorBody = (body: JsonValue): string => {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return text.length > maxErrorBody ? `(${text.length} characters)` : text
}

/** Sends a request. Output: `{ status, headers, body }`. */
export const createHttpRequest = (http: OutboundHttp): SideEffectNodeType => ({
  type: 'http.request',
  kind: 'sideEffect',
  description: 'Sends an HTTP request and gives the response.',
  configSchema,
  ports: () => ['out'],
  secretFields: ['url', 'headers', 'query', 'body'],
  defaultTimeoutMs: 30_000,
  // POST and PATCH may do twice what is done twice; a key of the user's says that the other side knows better.
  inDoubt: (config) => {
    const safe = ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'].includes(String(config.method ?? 'GET'))
    return safe || hasKeyOfItsOwn(config) ? 'retry' : 'hold'
  },
  run: async ({ config, idempotencyKey, traceparent, signal }) => {
    const resolved = parseResolved(resolvedSchema, config)
    const { text, type } = withoutBody.has(resolved.method) ? {} : bodyOf(resolved.body)
    const given = Object.entries(resolved.headers).map(([name, value]) => [name.toLowerCase(), String(value)] as const)
    const response = await http.send(
      {
        method: resolved.method,
        url: withQuery(resolved.url, resolved.query),
        headers: {
          'user-agent': 'flowledger',
          'idempotency-key': idempotencyKey,
          ...(traceparent === undefined ? {} : { traceparent }),
          ...(type === undefined ? {} : { 'content-type': type }),
          ...Object.fromEntries(given),
        },
        ...(text === undefined ? {} : { body: text }),
      },
      AbortSignal.any([signal, AbortSignal.timeout(resolved.timeoutMs)]),
    )
    const { status: answered, headers: received, body } = response
    if (isSuccess(answered, resolved.successStatus)) return { status: answered, headers: received, body }
    const retryAfter = received['retry-after']
    throw httpFailure('http_status', `the response has the status ${answered}`, 'yes', {
      status: answered,
      body: errorBody(body),
      ...(retryAfter === undefined ? {} : { retryAfter }),
    })
  },
})
