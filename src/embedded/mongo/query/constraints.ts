import { type Document, isDocument } from '../values/document.js'
import { isExact } from '../values/exact.js'

/** What a filter demands of one field in any case, as far as an index can help with it. */
export interface Constraint {
  /** The field equals one of these. */
  equals?: readonly unknown[]
  /** The field lies between these, both included, or is of their type where one is missing. */
  low?: unknown
  high?: unknown
}

/** By field. Conditions inside `$or`, `$nor`, `$not` and `$expr` demand nothing by themselves and are left to the matcher. */
export const constraintsOf = (filter: Document): Map<string, Constraint> => {
  const constraints = new Map<string, Constraint>()
  collect(filter, constraints)
  return constraints
}

const collect = (filter: Document, constraints: Map<string, Constraint>): void => {
  for (const [field, condition] of Object.entries(filter)) {
    if (field === '$and' && Array.isArray(condition)) {
      for (const part of condition) if (isDocument(part)) collect(part, constraints)
    } else if (!field.startsWith('$')) {
      const constraint = constraints.get(field) ?? {}
      constrain(constraint, condition)
      if (Object.keys(constraint).length > 0) constraints.set(field, constraint)
    }
  }
}

const constrain = (constraint: Constraint, condition: unknown): void => {
  if (!isOperators(condition)) {
    if (canLookUp(condition)) constraint.equals ??= [condition]
    return
  }
  const { $eq, $in, $gt, $gte, $lt, $lte } = condition
  if ('$eq' in condition && canLookUp($eq)) constraint.equals ??= [$eq]
  if (Array.isArray($in) && $in.every(canLookUp)) constraint.equals ??= $in
  const low = [$gte, $gt].find(isOrdered)
  const high = [$lte, $lt].find(isOrdered)
  if (low !== undefined && constraint.low === undefined) constraint.low = low
  if (high !== undefined && constraint.high === undefined) constraint.high = high
}

const isOperators = (condition: unknown): condition is Document =>
  isDocument(condition) && Object.keys(condition).some((name) => name.startsWith('$'))

/** An index holds the items of an array, not the array; and a pattern is no value. */
const canLookUp = (value: unknown): boolean =>
  !Array.isArray(value) && !(value instanceof RegExp) && value !== undefined

const isOrdered = (value: unknown): boolean =>
  ['number', 'string', 'boolean'].includes(typeof value) ||
  value instanceof Date ||
  isExact(value) ||
  (typeof value === 'object' && value !== null && '_bsontype' in value && value._bsontype === 'ObjectId')
