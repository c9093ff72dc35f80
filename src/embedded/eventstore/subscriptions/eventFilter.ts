import { createRequire } from 'node:module'
import type { RE2JS } from 're2js'
import { invalidArgument } from '../api/errors.js'
import type { FilterRequest } from '../api/filterRequest.js'
import { eventTypeOf, HEADER_SIZE, streamIdOf, streamNameOf } from '../log/record.js'

const MAX_REGEX_LENGTH = 2_000
const MAX_REMEMBERED = 10_000
const EXCLUDE_SYSTEM = '^[^$].*'

export type EventFilter = (record: Buffer) => boolean

/** Compiles a filter. Regular expressions run in linear time, so no subscriber can stall the server. */
export function compileFilter(request: FilterRequest): EventFilter {
  const matches = compileMatch(request)
  if (request.on === 'type') return remembering(eventTypeOf, matches)
  return request.regex === ''
    ? prefixOfName(request.prefixes)
    : remembering(streamIdOf, (_, record) => matches(streamNameOf(record)))
}

function compileMatch(request: FilterRequest): (text: string) => boolean {
  if (request.regex === '') return (text) => request.prefixes.some((prefix) => text.startsWith(prefix))
  if (request.regex.length > MAX_REGEX_LENGTH) {
    throw invalidArgument(`A regular expression may have ${MAX_REGEX_LENGTH} characters.`)
  }
  // What every client sends to leave system events out needs no engine.
  if (request.regex === EXCLUDE_SYSTEM) return (text) => text !== '' && !text.startsWith('$')
  const regex = compileRegex(request.regex)
  return (text) => regex.matcher(text).find()
}

/** The engine takes 9 MB, so it is loaded by the first who needs it. */
function compileRegex(source: string): RE2JS {
  const { RE2JS } = createRequire(import.meta.url)('re2js') as typeof import('re2js')
  try {
    return RE2JS.compile(source)
  } catch (error) {
    throw invalidArgument(`The regular expression is not supported: ${error instanceof Error ? error.message : error}`)
  }
}

/** Streams and types are few beside events, so each is matched once. */
function remembering<Key>(keyOf: (record: Buffer) => Key, match: (key: Key, record: Buffer) => boolean): EventFilter {
  const known = new Map<Key, boolean>()
  return (record) => {
    const key = keyOf(record)
    let result = known.get(key)
    if (result === undefined) {
      if (known.size >= MAX_REMEMBERED) known.clear()
      result = match(key, record)
      known.set(key, result)
    }
    return result
  }
}

function prefixOfName(prefixes: readonly string[]): EventFilter {
  const encoded = prefixes.map((prefix) => Buffer.from(prefix, 'utf8'))
  return (record) => {
    const start = HEADER_SIZE + (record[21] as number)
    const end = start + record.readUInt16BE(22)
    return encoded.some(
      (prefix) =>
        prefix.length <= end - start && record.compare(prefix, 0, prefix.length, start, start + prefix.length) === 0,
    )
  }
}
