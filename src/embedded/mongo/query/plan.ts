import type { Collection, Index } from '../store/catalogue.js'
import { idKeyOf } from '../store/documents.js'
import { directed } from '../store/indexEntries.js'
import { afterPrefix, contentKey, prefixRange, spacePrefix } from '../store/keys.js'
import type { KeyRange } from '../store/keyValues.js'
import type { Document } from '../values/document.js'
import { MAX_KEY_PART, sortKey, TYPE_RANK } from '../values/sortKey.js'
import { type Constraint, constraintsOf } from './constraints.js'

export type Sort = readonly (readonly [field: string, direction: 1 | -1])[]

/** How to come by every document that may match. What comes is still to be matched. */
export interface Plan {
  /** The index whose entries are walked; undefined: the documents themselves, in the order of `_id`. */
  readonly index: Index | undefined
  readonly ranges: readonly KeyRange[]
  readonly reverse: boolean
  /** Whether the documents come in the wanted order. */
  readonly sorted: boolean
}

const MAX_POINTS = 1_000

export const planFor = (collection: Collection, filter: Document, sort: Sort): Plan => {
  const constraints = constraintsOf(filter)
  const ids = constraints.get('_id')?.equals
  if (ids !== undefined) {
    const keys = new Map(ids.map((id) => idKeyOf(id)).map((key) => [key.toString('latin1'), key]))
    const ranges = [...keys.values()].map((key) => pointRange(contentKey(collection.space, key)))
    return { index: undefined, ranges, reverse: false, sorted: sort.length === 0 || ranges.length <= 1 }
  }
  let best = wholeCollection(collection, constraints, sort)
  for (const index of collection.indexes) {
    if (index.sparse && !index.key.some(([field]) => isSelective(constraints.get(field)))) continue
    const rated = planIndex(index, constraints, sort)
    if (rated.score > best.score) best = rated
  }
  return best.plan
}

interface Rated {
  readonly plan: Plan
  readonly score: number
}

const pointRange = (key: Buffer): KeyRange => ({ start: key, end: Buffer.concat([key, Buffer.of(0)]) })

/** A sparse index lacks documents without the field, and `null` would have to find those. */
const isSelective = (constraint: Constraint | undefined): boolean =>
  constraint !== undefined && !(constraint.equals?.some((value) => value === null) ?? false)

/** The documents are an index on `_id`. A shortened `_id` is ordered by its beginning only, so that order is not relied on. */
const wholeCollection = (collection: Collection, constraints: Map<string, Constraint>, sort: Sort): Rated => {
  const prefix = spacePrefix(collection.space)
  const range = rangeOf(prefix, constraints.get('_id'), 1)
  const [first] = sort
  const byId = first?.[0] === '_id' && !collection.longIds
  const sorted = sort.length === 0 || byId
  const reverse = byId && first[1] === -1
  return {
    plan: { index: undefined, ranges: [range ?? prefixRange(prefix)], reverse, sorted },
    score: (range === undefined ? 0 : 5) + (byId ? 4 : 0),
  }
}

const planIndex = (index: Index, constraints: Map<string, Constraint>, sort: Sort): Rated => {
  let prefixes = [spacePrefix(index.space)]
  let score = 0
  let depth = 0
  let ranges: KeyRange[] | undefined
  for (const [field, direction] of index.key) {
    const constraint = constraints.get(field)
    const equals = constraint?.equals
    if (equals !== undefined && prefixes.length * equals.length <= MAX_POINTS) {
      const parts = uniqueKeys(equals.map((value) => directed(sortKey(value), direction)))
      prefixes = prefixes.flatMap((prefix) => parts.map((part) => Buffer.concat([prefix, part])))
      score += equals.length === 1 ? 10 : 8
      depth++
      continue
    }
    const found = prefixes.map((prefix) => rangeOf(prefix, loosened(index, constraint), direction))
    if (found.every((range) => range !== undefined)) {
      ranges = found
      score += 5
    }
    break
  }
  ranges ??= prefixes.map((prefix) => prefixRange(shorten(prefix)))
  const order = prefixes.length === 1 && sort.length > 0 ? orderOf(index, depth, sort) : undefined
  if (order !== undefined) score += 4
  const plan = { index, ranges, reverse: order === 'reverse', sorted: sort.length === 0 || order !== undefined }
  return { plan, score }
}

/** With arrays, one item may meet the lower and another the upper bound: only one of them narrows the walk. */
const loosened = (index: Index, constraint: Constraint | undefined): Constraint | undefined => {
  if (!index.multikey || constraint?.low === undefined) return constraint
  return { low: constraint.low }
}

const rangeOf = (prefix: Buffer, constraint: Constraint | undefined, direction: 1 | -1): KeyRange | undefined => {
  if (constraint === undefined || (constraint.low === undefined && constraint.high === undefined)) return undefined
  const low = boundKey(constraint.low)
  const high = boundKey(constraint.high)
  const type = (low ?? high)?.subarray(0, 1) ?? Buffer.alloc(0)
  const from = directed(low ?? type, direction)
  const to = directed(high ?? type, direction)
  const [first, last] = direction === 1 ? [from, to] : [to, from]
  const start = shorten(Buffer.concat([prefix, first]))
  const end = afterPrefix(shorten(Buffer.concat([prefix, last])))
  return Buffer.compare(start, end) < 0 ? { start, end } : { start, end: start }
}

/** Of a number only the nearest double counts: what is exactly beside the bound is for the matcher to tell. */
const boundKey = (bound: unknown): Buffer | undefined => {
  if (bound === undefined) return undefined
  const key = sortKey(bound)
  return key[0] === TYPE_RANK.number ? key.subarray(0, 9) : key
}

/** What a long key and its shortened form in the store have in common. */
const shorten = (key: Buffer): Buffer => key.subarray(0, spacePrefix(0).length + MAX_KEY_PART)

const uniqueKeys = (keys: readonly Buffer[]): Buffer[] => [
  ...new Map(keys.map((key) => [key.toString('latin1'), key])).values(),
]

/** Whether walking the index behind `fixed` equal fields gives the sort, forwards or backwards. */
const orderOf = (index: Index, fixed: number, sort: Sort): 'forward' | 'reverse' | undefined => {
  if (index.multikey || index.shortened) return undefined
  const equalFields = new Set(index.key.slice(0, fixed).map(([field]) => field))
  const wanted = sort.filter(([field]) => !equalFields.has(field))
  const rest = index.key.slice(fixed)
  const signs = new Set(wanted.map(([field, direction], at) => (rest[at]?.[0] === field ? direction * rest[at][1] : 0)))
  if (signs.has(0) || signs.size > 1) return undefined
  return signs.has(-1) ? 'reverse' : 'forward'
}
