import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import formatsPlugin from 'ajv-formats'
import type { OpenApiDocument } from '../../../src/http/openapi/createOpenApiDocument.js'
import { problemMediaType } from '../../../src/http/problems/problem.js'

export interface SeenResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

interface Declared {
  readonly $ref?: string
  readonly headers?: Record<string, unknown>
  readonly content?: Record<string, unknown>
}

interface Operation {
  readonly responses: Record<string, Declared>
}

/** Answers of every route, whatever it is. */
const everywhere = new Set([
  'x-request-id',
  'content-type',
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'date',
  'cache-control',
  // helmet
  'content-security-policy',
  'cross-origin-opener-policy',
  'cross-origin-resource-policy',
  'origin-agent-cluster',
  'referrer-policy',
  'x-content-type-options',
  'x-dns-prefetch-control',
  'x-download-options',
  'x-frame-options',
  'x-permitted-cross-domain-policies',
  'x-xss-protection',
  // of problems: they depend on what went wrong, not on the route
  'ratelimit',
  'ratelimit-policy',
  'www-authenticate',
  'accept',
  'accept-encoding',
])

const escaped = (text: string): string => text.replaceAll('~', '~0').replaceAll('/', '~1')
const pointer = (...parts: string[]): string => parts.map((part) => `/${encodeURIComponent(escaped(part))}`).join('')

const templateOf = (document: OpenApiDocument, path: string): string | undefined =>
  Object.keys(document.paths ?? {})
    .filter((template) => {
      const pattern = template.replace(/\{path\}$/, '.+').replace(/\{\w+\}/g, '[^/]+')
      return new RegExp(`^${pattern}$`).test(path)
    })
    .sort((a, b) => (a.match(/\{/g) ?? []).length - (b.match(/\{/g) ?? []).length)[0]

interface Told {
  readonly detail?: string
  readonly errors?: readonly { readonly detail: string }[]
}

/** Every `detail` of a problem is a sentence, whoever wrote it. */
const fragmentsOf = ({ detail, errors = [] }: Told): string[] =>
  [detail, ...errors.map((error) => error.detail)]
    .filter((text) => text !== undefined && !/^[A-Z\d].*[.!?]$/s.test(text))
    .map((text) => `a detail is no sentence: ${text}`)

/** Holds every response against the OpenAPI document: status, headers, media type, body, and the details of problems. */
export const createOpenApiValidator = (document: OpenApiDocument) => {
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  formatsPlugin.default(ajv)
  ajv.addSchema(document as object, 'openapi')
  const compiled = new Map<string, ValidateFunction>()
  const seen = new Set<string>()

  const validatorFor = (ref: string): ValidateFunction => {
    const known = compiled.get(ref)
    if (known !== undefined) return known
    const made = ajv.compile({ $ref: ref })
    compiled.set(ref, made)
    return made
  }

  /** What is wrong with a response; empty when nothing is. */
  const errorsOf = (method: string, path: string, { status, headers, text }: SeenResponse): string[] => {
    const template = templateOf(document, path)
    const verb = method.toLowerCase()
    const operation =
      template && ((document.paths?.[template] as Record<string, Operation> | undefined)?.[verb] ?? undefined)
    if (template === undefined || !operation) return []
    const reference = operation.responses[String(status)]
    if (reference === undefined) return [`${status} is not declared: ${text.slice(0, 300)}`]
    const shared = reference.$ref?.slice('#/components/responses/'.length)
    const declared = shared === undefined ? reference : (document.components?.responses?.[shared] as Declared)
    const place =
      shared === undefined
        ? ['paths', template, verb, 'responses', String(status)]
        : ['components', 'responses', shared]
    seen.add(`${verb} ${template} ${status}`)
    const known = new Set(Object.keys(declared.headers ?? {}).map((name) => name.toLowerCase()))
    const strangers = Object.keys(headers).filter((name) => !known.has(name) && !everywhere.has(name))
    const errors = strangers.map((name) => `header ${name} is not declared`)
    const type = String(headers['content-type'] ?? '')
    const types = Object.keys(declared.content ?? {})
    if (types.length === 0) return text === '' ? errors : [...errors, `a body is not declared: ${text.slice(0, 100)}`]
    const media = types.find((name) => name === type || type.split(';')[0] === name.split(';')[0])
    if (media === undefined) return [...errors, `media type ${type} is not declared`]
    if (!media.includes('json') || media.includes('ndjson')) return errors
    const ref = `openapi#${pointer(...place, 'content', media, 'schema')}`
    const validate = validatorFor(ref)
    const body = JSON.parse(text)
    if (media === problemMediaType) errors.push(...fragmentsOf(body))
    if (validate(body)) return errors
    return [...errors, `${ajv.errorsText(validate.errors)}: ${text.slice(0, 500)}`]
  }

  return { errorsOf, seen }
}

export type OpenApiValidator = ReturnType<typeof createOpenApiValidator>
