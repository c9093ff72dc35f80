import { exceedsJsonSize } from '../expressions/jsonSize.js'
import type { JsonValue } from '../json.js'

/**
 * Bytes of the value as JSON in UTF-8. Exact where it may matter: from a third of `bound` up to it. Beyond, infinite: a value
 * whose parts are shared can be small in memory and gigantic as text, so that text is never made.
 */
export const jsonBytes = (value: JsonValue | object, bound: number): number => {
  if (exceedsJsonSize(value as JsonValue, bound)) return Number.POSITIVE_INFINITY
  const json = JSON.stringify(value)
  // A UTF-16 unit takes 1 to 3 bytes.
  return json.length * 3 <= bound ? json.length : new TextEncoder().encode(json).length
}
