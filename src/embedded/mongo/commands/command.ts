import type { Cursors } from '../cursors.js'
import { MongoError } from '../errors.js'
import type { Catalogue, Collection } from '../store/catalogue.js'
import type { DocumentWriter } from '../store/documents.js'
import type { KeyValues } from '../store/keyValues.js'
import { type Document, isDocument } from '../values/document.js'

export interface Context {
  readonly store: KeyValues
  readonly catalogue: Catalogue
  readonly documents: DocumentWriter
  readonly cursors: Cursors
  /** One after the other for each namespace: an upsert looks, then writes, and nobody may come in between. */
  readonly exclusive: <T>(namespace: string, work: () => Promise<T>) => Promise<T>
}

export interface Request {
  readonly name: string
  readonly database: string
  /** As queries see it (values/queryable). */
  readonly body: Document
  readonly bytes: Buffer
  /** The documents of a field as BSON, whether they came in the body or beside it. */
  readonly documents: (field: string) => readonly Buffer[]
  readonly connectionId: number
}

export interface Command {
  /** What the command may say, besides what every command may; undefined: anything. */
  readonly fields?: readonly string[]
  readonly run: (context: Context, request: Request) => Promise<Document | Buffer> | Document
}

export const namespaceIn = ({ name, database, body }: Request, field: string = name): string => {
  const collection = body[field]
  if (typeof collection !== 'string' || collection === '') {
    throw new MongoError('InvalidNamespace', `The field '${field}' must name a collection`)
  }
  return `${database}.${collection}`
}

export const collectionIn = (context: Context, request: Request): Collection => {
  const namespace = namespaceIn(request)
  const collection = context.catalogue.get(namespace)
  if (collection === undefined) throw new MongoError('NamespaceNotFound', `ns does not exist: ${namespace}`)
  return collection
}

export const documentIn = (body: Document, field: string): Document => {
  const value = body[field]
  if (value === undefined || value === null) return {}
  if (!isDocument(value)) throw wrongType(field, 'object')
  return value
}

export const countIn = (body: Document, field: string): number | undefined => {
  const value = body[field]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'number' || !Number.isFinite(value)) throw wrongType(field, 'number')
  if (value < 0) throw new MongoError('BadValue', `BSON field '${field}' value must be >= 0, actual value '${value}'`)
  return Math.trunc(value)
}

export const flagIn = (body: Document, field: string): boolean => {
  const value = body[field] ?? false
  if (typeof value !== 'boolean' && typeof value !== 'number') throw wrongType(field, 'bool')
  return Boolean(value)
}

export const listIn = (body: Document, field: string): unknown[] => {
  const value = body[field] ?? []
  if (!Array.isArray(value)) throw wrongType(field, 'array')
  return value
}

export const documentsIn = (body: Document, field: string): Document[] =>
  listIn(body, field).map((value) => {
    if (!isDocument(value)) throw wrongType(field, 'array of objects')
    return value
  })

/** By `maxTimeMS`. */
export const deadlineIn = (body: Document): number | undefined => {
  const limit = countIn(body, 'maxTimeMS')
  return limit === undefined || limit === 0 ? undefined : Date.now() + limit
}

export const sessionIn = (body: Document): string | undefined => {
  const session = body.lsid
  return isDocument(session) && session.id !== undefined ? String(session.id) : undefined
}

const wrongType = (field: string, wanted: string): MongoError =>
  new MongoError('TypeMismatch', `BSON field '${field}' is the wrong type, expected type '${wanted}'`)
