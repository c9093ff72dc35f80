import { serialize } from 'bson'
import { MongoError, toMongoError } from '../errors.js'
import { type Document, isDocument } from '../values/document.js'
import { fromQueryable } from '../values/queryable.js'
import { aggregator } from './aggregator.js'
import type { Sort } from './plan.js'
import { sortOf } from './sort.js'

/** A pipeline, cut into what the store can do by itself and what mingo does with the documents that come out of that. */
export interface SplitPipeline {
  readonly filter: Document
  readonly sort: Sort
  readonly skip: number
  readonly limit: number
  readonly rest: readonly Document[]
}

/** Those that would write, watch or read from elsewhere. mingo knows some of them, but not our store. */
const REFUSED = new Set(['$out', '$merge', '$changeStream', '$collStats', '$indexStats', '$currentOp', '$listSessions'])

export const splitPipeline = (pipeline: readonly unknown[]): SplitPipeline => {
  const stages = pipeline.map((stage) => {
    const names = isDocument(stage) ? Object.keys(stage) : []
    const [name] = names
    if (!isDocument(stage) || names.length !== 1 || name === undefined) {
      throw new MongoError('UnrecognizedStage', 'A pipeline stage specification object must contain exactly one field.')
    }
    if (REFUSED.has(name)) throw new MongoError('UnrecognizedStage', `Unrecognized pipeline stage name: '${name}'`)
    return stage
  })
  const filters: Document[] = []
  let sort: Sort = []
  let skip = 0
  let limit = 0
  let at = 0
  for (; isDocument(stages[at]?.$match); at++) filters.push(stages[at]?.$match as Document)
  if (stages[at]?.$sort !== undefined) sort = sortOf(stages[at++]?.$sort)
  if (isCount(stages[at]?.$skip)) skip = Number(stages[at++]?.$skip)
  if (isCount(stages[at]?.$limit) && Number(stages[at]?.$limit) > 0) limit = Number(stages[at++]?.$limit)
  const filter = filters.length === 1 ? (filters[0] ?? {}) : filters.length === 0 ? {} : { $and: filters }
  return { filter, sort, skip, limit, rest: stages.slice(at) }
}

const isCount = (value: unknown): boolean => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0

/** `countDocuments` of the drivers, and `$count`: the field for the number, and the constant `_id` beside it. */
export const countStage = (rest: readonly Document[]): { field: string; id: Document } | undefined => {
  const [stage, ...more] = rest
  if (stage === undefined || more.length > 0) return undefined
  if (typeof stage.$count === 'string' && stage.$count !== '') return { field: stage.$count, id: {} }
  const { $group } = stage
  if (!isDocument($group)) return undefined
  const { _id, ...fields } = $group
  const [entry, ...others] = Object.entries(fields)
  const constant = _id === null || typeof _id === 'number'
  if (entry === undefined || others.length > 0 || !constant || !isDocument(entry[1])) return undefined
  return entry[1].$sum === 1 && Object.keys(entry[1]).length === 1 ? { field: entry[0], id: { _id } } : undefined
}

/** Runs what is left of a pipeline on documents in memory. `lookUp` gives all documents of another collection. */
export const runPipeline = (
  rest: readonly Document[],
  documents: Document[],
  lookUp: (collection: string) => Document[],
): Buffer[] => {
  try {
    const results = aggregator(rest, lookUp).run(documents)
    return results.map((result) => Buffer.from(serialize(fromQueryable(result) as Document)))
  } catch (error) {
    const known = toMongoError(error)
    if (known.codeName !== 'InternalError') throw known
    const unknownStage = /pipeline operator/i.test(known.message)
    throw new MongoError(unknownStage ? 'UnrecognizedStage' : 'BadValue', known.message)
  }
}
