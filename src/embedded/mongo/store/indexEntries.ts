import { MongoError } from '../errors.js'
import type { Document } from '../values/document.js'
import { valuesAt } from '../values/paths.js'
import { boundedKey, MAX_KEY_PART, sortKey } from '../values/sortKey.js'
import type { Index } from './catalogue.js'

export interface IndexEntries {
  /** One per combination of values; each is the part of a key behind the index's space. */
  readonly keys: readonly Buffer[]
  readonly multikey: boolean
  readonly shortened: boolean
}

export const entriesOf = (index: Index, document: Document): IndexEntries => {
  const columns = index.key.map(([field]) => valuesAt(document, field))
  if (index.sparse && columns.every(({ values }) => values.every((value) => value === undefined))) {
    return { keys: [], multikey: false, shortened: false }
  }
  if (columns.filter(({ throughArray, values }) => throughArray && values.length > 1).length > 1) {
    throw new MongoError('CannotIndexParallelArrays', `cannot index parallel arrays with the index ${index.name}`)
  }
  let keys: Buffer[] = [Buffer.alloc(0)]
  columns.forEach(({ values }, position) => {
    const direction = index.key[position]?.[1] ?? 1
    const parts = values.map((value) => directed(sortKey(value), direction))
    keys = keys.flatMap((key) => parts.map((part) => Buffer.concat([key, part])))
  })
  const unique = new Map(keys.map((key) => [key.toString('latin1'), key]))
  const distinct = [...unique.values()]
  return {
    keys: distinct.map(boundedKey),
    multikey: columns.some(({ throughArray }) => throughArray),
    shortened: distinct.some((key) => key.length > MAX_KEY_PART),
  }
}

/** Descending fields are stored with all bits turned over: ascending bytes are descending values. */
export const directed = (key: Buffer, direction: 1 | -1): Buffer => {
  if (direction === 1) return key
  const turned = Buffer.alloc(key.length)
  for (let at = 0; at < key.length; at++) turned[at] = ~(key[at] ?? 0)
  return turned
}
