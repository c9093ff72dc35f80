import type { JsonObject, JsonValue } from '../json.js'
import { pointerStep } from '../jsonPointer.js'

/** One leaf or branch that differs. `pointer` (RFC 6901) leads to it from what was compared. */
export type FieldChange =
  | { readonly op: 'add'; readonly pointer: string; readonly after: JsonValue }
  | { readonly op: 'remove'; readonly pointer: string; readonly before: JsonValue }
  | { readonly op: 'replace'; readonly pointer: string; readonly before: JsonValue; readonly after: JsonValue }

const isObject = (value: JsonValue): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const memberDiff = (
  pointer: string,
  keys: readonly (string | number)[],
  before: (key: string | number) => JsonValue | undefined,
  after: (key: string | number) => JsonValue | undefined,
): FieldChange[] =>
  keys.flatMap((key): FieldChange[] => {
    const [old, next] = [before(key), after(key)]
    const at = pointer + pointerStep(key)
    if (old === undefined) return next === undefined ? [] : [{ op: 'add', pointer: at, after: next }]
    if (next === undefined) return [{ op: 'remove', pointer: at, before: old }]
    return diffValues(old, next, at)
  })

const own = (object: JsonObject, key: string | number): JsonValue | undefined =>
  Object.hasOwn(object, key) ? object[key] : undefined

/**
 * What differs between two JSON values, field by field: members of objects by name, items of arrays by index (an array that
 * became shorter or longer differs at its end). Nothing where they are equal; the order of keys does not count.
 */
export const diffValues = (before: JsonValue, after: JsonValue, pointer = ''): FieldChange[] => {
  if (before === after) return []
  if (Array.isArray(before) && Array.isArray(after)) {
    const indexes = Array.from({ length: Math.max(before.length, after.length) }, (_, index) => index)
    return memberDiff(
      pointer,
      indexes,
      (index) => before[Number(index)],
      (index) => after[Number(index)],
    )
  }
  if (isObject(before) && isObject(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])]
    return memberDiff(
      pointer,
      keys,
      (key) => own(before, key),
      (key) => own(after, key),
    )
  }
  return [{ op: 'replace', pointer, before, after }]
}
