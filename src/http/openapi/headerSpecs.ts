import type { oas31 } from 'zod-openapi'
import type { ResponseHeaderName } from '../routing/answer.js'
import type { RequestHeaderName } from '../routing/route.js'

interface RequestHeaderSpec {
  readonly description: string
  readonly schema: oas31.SchemaObject
  /** What honouring the header may answer. */
  readonly problems: { readonly [status: number]: readonly string[] }
}

export const requestHeaders: { readonly [N in RequestHeaderName]: RequestHeaderSpec } = {
  'If-Match': {
    description: 'The ETag that the caller saw. A change of anything newer is refused.',
    schema: { type: 'string', examples: ['"12"'] },
    problems: { 400: ['invalid_if_match'], 412: ['revision_mismatch'] },
  },
  'If-None-Match': {
    description: 'An ETag that the caller has already: 304 while it is the newest.',
    schema: { type: 'string', examples: ['"12"'] },
    problems: {},
  },
  'Idempotency-Key': {
    description:
      'The same key and body again is answered as the first time, with Idempotency-Replayed: true, and changes nothing. It holds for ever.',
    schema: { type: 'string', minLength: 1, maxLength: 255 },
    problems: { 400: ['invalid_idempotency_key'], 422: ['idempotency_key_reused'] },
  },
  Prefer: {
    description: '`wait=N`: wait up to N seconds (at most 60).',
    schema: { type: 'string', examples: ['wait=5'] },
    problems: {},
  },
  'X-Consistency-Token': {
    description: 'From the answer of a command: the read waits until it sees that command (2 s, or Prefer: wait=N).',
    schema: { type: 'string', pattern: '^\\d{1,20}$' },
    problems: { 400: ['invalid_consistency_token'], 503: ['projection_behind'] },
  },
  'Last-Event-ID': {
    description: 'Position of the last event that was received: the stream goes on after it.',
    schema: { type: 'string', pattern: '^\\d{1,20}$' },
    problems: { 400: ['invalid_last_event_id'] },
  },
}

type HeaderSpec = { readonly description: string; readonly schema: oas31.SchemaObject }

const responseHeaders: { readonly [N in ResponseHeaderName]: HeaderSpec } = {
  ETag: { description: "The stream's revision in quotes.", schema: { type: 'string', pattern: '^"\\d+"$' } },
  Location: { description: 'Where the thing is.', schema: { type: 'string', format: 'uri-reference' } },
  Link: { description: 'rel="next": the next page, where there is one.', schema: { type: 'string' } },
  'X-Consistency-Token': {
    description: 'Position in the log. Send it with a read to see what this command did.',
    schema: { type: 'string', pattern: '^\\d{1,20}$' },
  },
  'Idempotency-Replayed': {
    description: 'True where this is the answer of an earlier request with the same Idempotency-Key.',
    schema: { type: 'string', enum: ['true'] },
  },
  'Preference-Applied': { description: 'The preference that was honoured.', schema: { type: 'string' } },
}

/** Headers that every answer may carry, whatever the route. */
const commonHeaders: { readonly [name: string]: HeaderSpec } = {
  'X-Request-Id': { description: 'Id of the request, as in logs and events.', schema: { type: 'string' } },
  RateLimit: { description: 'What is left of the quota (draft-8).', schema: { type: 'string' } },
  'RateLimit-Policy': { description: 'The quota (draft-8).', schema: { type: 'string' } },
  Allow: { description: 'The methods that are possible here.', schema: { type: 'string' } },
  'Retry-After': { description: 'Seconds after which to try again.', schema: { type: 'integer', minimum: 1 } },
}

/** The components that headers are referred to as. */
export const headerComponents: Record<string, oas31.HeaderObject> = { ...responseHeaders, ...commonHeaders }

export const parameterComponents: Record<string, oas31.ParameterObject> = Object.fromEntries(
  Object.entries(requestHeaders).map(([name, { description, schema }]) => [
    name,
    { in: 'header', name, required: false, description, schema },
  ]),
)

export const headerReference = (name: string): oas31.ReferenceObject => ({ $ref: `#/components/headers/${name}` })
export const parameterReference = (name: RequestHeaderName): oas31.ReferenceObject => ({
  $ref: `#/components/parameters/${name}`,
})
