import { invalid } from '../../domain/errors.js'

/** One page of a list. `nextCursor` is null on the last one. */
export interface Page<Item> {
  readonly items: readonly Item[]
  readonly nextCursor: string | null
}

export interface PageOptions {
  /** 1 to 200. */
  readonly limit: number
  readonly cursor?: string
}

type Key = readonly string[]

const encode = (key: Key): string => Buffer.from(JSON.stringify(key)).toString('base64url')

const invalidCursor = () =>
  invalid('invalid_cursor', 'The cursor is none of this list.', [
    { pointer: '/cursor', code: 'invalid_cursor', detail: 'Take it from nextCursor of the page before.' },
  ])

/** The sort key at which the page begins (exclusive); undefined for the first page. Throws `invalid_cursor`. */
export const decodeCursor = (cursor: string | undefined, parts: readonly RegExp[]): Key | undefined => {
  if (cursor === undefined) return undefined
  let key: unknown
  try {
    key = JSON.parse(Buffer.from(cursor, 'base64url').toString())
  } catch {
    throw invalidCursor()
  }
  const fits =
    Array.isArray(key) &&
    key.length === parts.length &&
    parts.every((part, index) => typeof key[index] === 'string' && part.test(key[index]))
  if (!fits) throw invalidCursor()
  return key as Key
}

/** Makes a page of `limit + 1` rows: the last one only tells that there are more. */
export const toPage = <Row, Item>(
  rows: readonly Row[],
  limit: number,
  toItem: (row: Row) => Item,
  keyOf: (row: Row) => Key,
): Page<Item> => {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return {
    items: shown.map(toItem),
    nextCursor: rows.length > limit && last !== undefined ? encode(keyOf(last)) : null,
  }
}

export const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/
export const uuidText = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
export const digits = /^\d{1,19}$/
