import { getField, isDocument } from './document.js'

/** What a dotted path finds in a document. */
export interface PathValues {
  /** Leaf values; an array at the end contributes its items (and, when empty, `undefined`). A missing one is `undefined`. */
  readonly values: readonly unknown[]
  /** Whether an array was on the way or at the end. */
  readonly throughArray: boolean
}

/** Steps through documents and arrays as MongoDB's indexes and sorts do: an array means each of its items. */
export const valuesAt = (document: unknown, path: string): PathValues => {
  const values: unknown[] = []
  const found = { throughArray: false }
  collect(document, path.split('.'), 0, values, found)
  if (values.length === 0) values.push(undefined)
  return { values, throughArray: found.throughArray }
}

const collect = (
  value: unknown,
  steps: readonly string[],
  at: number,
  values: unknown[],
  found: { throughArray: boolean },
): void => {
  const step = steps[at]
  if (Array.isArray(value)) {
    found.throughArray = true
    if (step === undefined) {
      values.push(...(value.length === 0 ? [undefined] : value))
      return
    }
    if (/^\d+$/.test(step) && Number(step) < value.length) collect(value[Number(step)], steps, at + 1, values, found)
    for (const item of value) if (isDocument(item)) collect(item, steps, at, values, found)
    return
  }
  if (step === undefined) values.push(value)
  else if (isDocument(value)) collect(getField(value, step), steps, at + 1, values, found)
  else values.push(undefined)
}
