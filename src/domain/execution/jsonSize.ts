import type { JsonValue } from '../json.js'

/** Bytes of the value as JSON in UTF-8. Exact where it may matter, that is above a third of `exactAbove`. */
export const jsonBytes = (value: JsonValue | object, exactAbove: number): number => {
  const json = JSON.stringify(value)
  // A UTF-16 unit takes 1 to 3 bytes.
  return json.length * 3 <= exactAbove ? json.length : new TextEncoder().encode(json).length
}
