import type { JsonValue } from '../json.js'
import { stepKey } from '../jsonPointer.js'
import type { FieldChange } from './valueDiff.js'

interface Step {
  readonly key: string
  readonly rest: string
}

const firstStep = (pointer: string): Step => {
  const end = pointer.indexOf('/', 1)
  const [key, rest] = end < 0 ? [pointer.slice(1), ''] : [pointer.slice(1, end), pointer.slice(end)]
  return { key: stepKey(key), rest }
}

/** Sets a member, also one that is named like something of every object (`__proto__`). */
const setMember = (object: object, key: string, value: JsonValue): unknown =>
  Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })

const applyOne = (value: JsonValue, pointer: string, change: FieldChange): JsonValue => {
  if (pointer === '') return change.op === 'remove' ? null : change.after
  const { key, rest } = firstStep(pointer)
  if (typeof value !== 'object' || value === null) throw new RangeError(`there is nothing at ${change.pointer}`)
  const copy = Array.isArray(value) ? [...value] : { ...value }
  if (rest === '' && change.op === 'remove') {
    if (Array.isArray(copy)) copy.splice(Number(key), 1)
    else delete copy[key]
    return copy
  }
  if (rest === '') {
    setMember(copy, key, applyOne(null, '', change))
    return copy
  }
  const member = (Object.hasOwn(copy, key) ? (copy as Record<string, JsonValue>)[key] : undefined) ?? null
  setMember(copy, key, applyOne(member, rest, change))
  return copy
}

/** Carries out what `diffValues` said: `applyChanges(a, diffValues(a, b))` equals `b`. Throws RangeError where it does not fit. */
export const applyChanges = (value: JsonValue, changes: readonly FieldChange[]): JsonValue => {
  // Items go from the end of an array on, so that none moves before its turn.
  const removals = changes.filter(({ op }) => op === 'remove').reverse()
  const others = changes.filter(({ op }) => op !== 'remove')
  return [...others, ...removals].reduce((result, change) => applyOne(result, change.pointer, change), value)
}
