import { serialize } from 'bson'
import { Query } from 'mingo'
import { MongoError } from '../errors.js'
import type { Stored } from '../store/documents.js'
import { type Document, isDocument } from '../values/document.js'
import { typedFromBson } from '../values/queryable.js'
import { retype } from '../values/retype.js'
import { MINGO_OPTIONS, mingo } from './matcher.js'
import { selectorOf, sliceAt, sliceOf } from './selectFields.js'

/** The bytes that a client gets for a stored document. */
export type Projector = (stored: Stored) => Buffer

export const projectorOf = (projection: unknown, filter: Document): Projector => {
  if (projection === undefined || projection === null) return ({ bytes }) => bytes
  if (!isDocument(projection)) throw new MongoError('TypeMismatch', 'the projection must be an object')
  const fields = Object.entries(projection)
  if (fields.length === 0) return ({ bytes }) => bytes
  if (fields.every(([field, value]) => (isFlag(value) || isSlice(value)) && !field.includes('$'))) {
    return plainProjector(fields)
  }
  const query = mingo(() => new Query(filter, MINGO_OPTIONS))
  return ({ bytes, document }) => {
    const [result] = mingo(() => query.find<Document>([document], projection).all())
    return Buffer.from(serialize(retype(result ?? {}, typedFromBson(bytes)) as Document))
  }
}

const isFlag = (value: unknown): boolean => typeof value === 'number' || typeof value === 'boolean'

const isSlice = (value: unknown): value is { $slice: unknown } =>
  isDocument(value) && Object.keys(value).length === 1 && '$slice' in value

/** Inclusion or exclusion of fields and slices of arrays, on the typed document, so that no number changes its type. */
const plainProjector = (fields: readonly [string, unknown][]): Projector => {
  const slices = fields.flatMap(([field, value]) => (isSlice(value) ? [[field, sliceOf(value.$slice)] as const] : []))
  const select = selectorOf(
    fields.filter(([, value]) => !isSlice(value)),
    slices.map(([field]) => field),
  )
  return ({ bytes }) => {
    const document = typedFromBson(bytes)
    for (const [field, slice] of slices) sliceAt(document, field.split('.'), slice)
    return Buffer.from(serialize(select(document) as Document))
  }
}
