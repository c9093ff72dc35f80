import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate } from 'node:zlib'
import type { JsonValue } from '../../domain/json.js'
import { acceptJson, maxJsonDepth } from './acceptJson.js'
import { httpFailure } from './httpFailure.js'

type Decoder = (body: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>

const decoders: ReadonlyMap<string, Decoder> = new Map<string, Decoder>([
  ['gzip', promisify(gunzip) as Decoder],
  ['x-gzip', promisify(gunzip) as Decoder],
  ['deflate', promisify(inflate) as Decoder],
  ['br', promisify(brotliDecompress) as Decoder],
])

const tooLarge = (limit: number) =>
  httpFailure('http_response_too_large', `the response has more than ${limit} bytes`, 'yes', { limit })

/** The whole body, or `http_response_too_large` as soon as it is more than the limit, also once unpacked. */
export const readBytes = async (
  chunks: AsyncIterable<Uint8Array>,
  encoding: string | undefined,
  limit: number,
): Promise<Buffer> => {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const chunk of chunks) {
    length += chunk.length
    if (length > limit) throw tooLarge(limit)
    parts.push(chunk)
  }
  return unpack(Buffer.concat(parts), encoding, limit)
}

const unpack = async (body: Buffer, encoding: string | undefined, limit: number): Promise<Buffer> => {
  const name = encoding?.trim().toLowerCase() ?? 'identity'
  if (name === '' || name === 'identity' || body.length === 0) return body
  const decode = decoders.get(name)
  if (decode === undefined)
    throw httpFailure('http_invalid_body', `the response has the unknown encoding ${name}`, 'yes')
  try {
    return await decode(body, { maxOutputLength: limit })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(limit)
    throw httpFailure('http_invalid_body', `the response is not valid ${name}`, 'yes')
  }
}

const isJson = /^application\/(?:[\w.+-]+\+)?json$/
const isText = /^(?:text\/.*|application\/(?:xml|javascript|x-www-form-urlencoded|[\w.+-]+\+xml))$/

/**
 * The body as JSON: parsed where its type says JSON, a string for text, null when it is empty, and
 * `{ "base64": "…" }` for anything else.
 */
export const parseBody = (body: Buffer, contentType: string | undefined): JsonValue => {
  if (body.length === 0) return null
  const [type = '', ...parameters] = (contentType ?? '')
    .toLowerCase()
    .split(';')
    .map((part) => part.trim())
  if (isJson.test(type)) return parseJson(body.toString('utf8'))
  if (isText.test(type)) return decodeText(body, parameters)
  return { base64: body.toString('base64') }
}

const decodeText = (body: Buffer, parameters: readonly string[]): string => {
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))?.slice('charset='.length)
  try {
    return new TextDecoder(charset?.replaceAll('"', '') ?? 'utf-8').decode(body)
  } catch {
    return body.toString('utf8')
  }
}

const parseJson = (text: string): JsonValue => {
  let value: JsonValue
  try {
    value = JSON.parse(text) as JsonValue
  } catch {
    throw httpFailure('http_invalid_body', 'the response says that it is JSON but is not', 'yes')
  }
  if (acceptJson(value)) return value
  throw httpFailure('http_invalid_body', `the response is JSON nested more than ${maxJsonDepth} deep`, 'yes')
}
