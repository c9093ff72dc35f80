import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { FlowledgerError } from '../../domain/errors.js'
import type { JsonValue } from '../../domain/json.js'
import { HttpProblem } from '../problems/httpProblem.js'
import { formFields } from './formFields.js'
import { readBody } from './readBody.js'
import { checkEncoding, checkJson, hasBody, isJson, parseJson } from './readJsonBody.js'

const checkText = (text: string): string => {
  if (text.includes('\0')) throw new FlowledgerError('malformed', 'malformed_text', 'The body holds U+0000.')
  return text
}

const parseForm = (text: string): JsonValue => checkJson(formFields(new URLSearchParams(text)))

const parse = (type: string, bytes: Buffer): JsonValue => {
  if (isJson(type)) return parseJson(bytes) as JsonValue
  if (!isUtf8(bytes)) throw new FlowledgerError('malformed', 'malformed_text', 'The body is not UTF-8.')
  const text = checkText(bytes.toString('utf8'))
  if (/^application\/x-www-form-urlencoded\b/i.test(type)) return parseForm(text)
  if (type === '' || /^(?:text\/|application\/(?:xml|.+\+xml)\b)/i.test(type)) return text
  throw new HttpProblem(415, 'unsupported_media_type', 'A hook takes JSON, forms and text.')
}

/** What a webhook brings: JSON as it is, a form as an object of its fields (see formFields), text as a string; null without a body. */
export const readHookBody = async (request: IncomingMessage): Promise<JsonValue> => {
  if (!hasBody(request)) return null
  checkEncoding(request)
  return parse(request.headers['content-type'] ?? '', await readBody(request))
}
