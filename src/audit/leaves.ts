import type { JsonValue } from '../domain/json.js'
import { pointerStep } from '../domain/jsonPointer.js'

/** A value with nothing in it: a scalar, an empty object or an empty array. */
export type Leaf = null | boolean | number | string | Record<string, never> | never[]

const isLeaf = (value: JsonValue): value is Leaf =>
  typeof value !== 'object' || value === null || Object.keys(value).length === 0

/** Every leaf of a JSON value with its JSON pointer, in the order of the document. Members that are undefined are none. */
export function* leavesOf(value: JsonValue, pointer: string): Generator<readonly [pointer: string, leaf: Leaf]> {
  if (isLeaf(value)) {
    yield [pointer, value]
    return
  }
  for (const [key, member] of Object.entries(value)) {
    if (member !== undefined) yield* leavesOf(member, pointer + pointerStep(key))
  }
}

/** Leaves are equal when they say the same. */
export const sameLeaf = (a: Leaf, b: Leaf): boolean => a === b || JSON.stringify(a) === JSON.stringify(b)
