import type { JsonValue } from '../json.js'

/**
 * Whether the value's JSON is longer than `limit` characters, found without building it and without walking much further
 * than the limit: a value whose parts are shared can be small in memory and gigantic as text. Escapes are not counted.
 */
export const exceedsJsonSize = (value: JsonValue, limit: number): boolean => lengthUpTo(value, limit) > limit

const lengthUpTo = (value: JsonValue, limit: number): number => {
  if (typeof value === 'string') return value.length + 2
  if (typeof value === 'number') return String(value).length
  if (typeof value === 'boolean' || value === null) return value === false ? 5 : 4
  let length = 2
  let separator = 0
  if (Array.isArray(value)) {
    for (const item of value) {
      length += separator + lengthUpTo(item, limit - length)
      separator = 1
      if (length > limit) return length
    }
    return length
  }
  for (const key in value) {
    length += separator + key.length + 3 + lengthUpTo(value[key] ?? null, limit - length)
    separator = 1
    if (length > limit) return length
  }
  return length
}
