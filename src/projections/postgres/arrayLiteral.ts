import type { Column, Row } from '../model/projection.js'

const quoteText = (value: string): string =>
  /["\\]/.test(value) ? `"${value.replace(/["\\]/g, '\\$&')}"` : `"${value}"`

/** PostgreSQL has no place for U+0000 in text. */
const withoutNul = (value: string): string => (value.includes('\0') ? value.replaceAll('\0', '\ufffd') : value)

/** JSON's own escapes hold no raw control character, so a second round of them is just what an array literal needs. */
const quoteJson = (value: unknown): string => JSON.stringify(JSON.stringify(value))

const elementOf = (type: Column['type']): ((value: unknown) => string) => {
  if (type === 'json') return quoteJson
  if (type === 'text' || type === 'key') return (value) => quoteText(withoutNul(String(value)))
  if (type === 'timestamptz') return (value) => `"${String(value)}"`
  if (type === 'uuid') return (value) => quoteText(String(value))
  return String
}

/**
 * One column of many rows as PostgreSQL's array literal, ready for `unnest`. Made by hand because it runs for every row of a
 * rebuild, and the driver's general way costs several times as much.
 */
export const arrayLiteral = (rows: readonly Row[], name: string, { type, payload }: Column): string => {
  const element = elementOf(type)
  let literal = '{'
  for (let index = 0; index < rows.length; index += 1) {
    const value = rows[index]?.[name]
    if (index > 0) literal += ','
    literal += value === undefined || (value === null && !payload) ? 'NULL' : element(value)
  }
  return `${literal}}`
}
