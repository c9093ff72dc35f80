import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { FlowledgerError, invalid } from '../../domain/errors.js'
import { HttpProblem } from '../problems/httpProblem.js'
import { jsonErrors } from './jsonRules.js'
import { readBody } from './readBody.js'

const jsonType = /^application\/(?:[\w.!#$&^+-]+\+)?json\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?;?\s*$/i

/** Whether the request brings a body at all. */
export const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'

export const isJson = (contentType: string): boolean => contentType === 'application/json' || jsonType.test(contentType)

export const checkEncoding = ({ headers }: IncomingMessage): void => {
  const encoding = headers['content-encoding']
  if (encoding === undefined || encoding.toLowerCase() === 'identity') return
  const detail = `Content-Encoding ${encoding} is not supported; send the body as it is.`
  throw new HttpProblem(415, 'unsupported_media_type', detail, { 'Accept-Encoding': 'identity' })
}

const checkMediaType = (request: IncomingMessage): void => {
  checkEncoding(request)
  if (isJson(request.headers['content-type'] ?? '')) return
  const detail = 'The body must be application/json in UTF-8.'
  throw new HttpProblem(415, 'unsupported_media_type', detail, { Accept: 'application/json' })
}

/** Where it stopped being JSON. V8's own message quotes the text around it, which may be a secret. */
const describe = (error: unknown): string => {
  const message = error instanceof Error ? error.message : ''
  const place = /\bposition \d+(?: \(line \d+ column \d+\))?/.exec(message)?.[0]
  if (place !== undefined) return `The body is not JSON: unexpected text at ${place}.`
  return message.includes('UTF-8') ? 'The body is not UTF-8.' : 'The body is not JSON.'
}

/** Holds the rules of jsonRules.ts. */
export const checkJson = <T>(value: T): T => {
  const errors = jsonErrors(value)
  if (errors.length > 0) throw invalid('invalid_body', 'The body holds what is not allowed.', errors)
  return value
}

/** Parses bytes as JSON (RFC 8259: UTF-8, no byte order mark) and holds the rules of jsonRules.ts. */
export const parseJson = (bytes: Buffer): unknown => {
  let value: unknown
  try {
    if (!isUtf8(bytes)) throw new SyntaxError('The body is not UTF-8')
    value = JSON.parse(bytes.toString('utf8'))
  } catch (error) {
    throw new FlowledgerError('malformed', 'malformed_json', describe(error))
  }
  return checkJson(value)
}

/** The request's JSON, or undefined where it has no body. */
export const readJsonBody = async (request: IncomingMessage): Promise<unknown> => {
  if (!hasBody(request)) return undefined
  checkMediaType(request)
  const bytes = await readBody(request)
  return parseJson(bytes)
}
