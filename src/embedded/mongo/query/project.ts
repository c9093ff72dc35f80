import { serialize } from 'bson'
import { Query } from 'mingo'
import { MongoError } from '../errors.js'
import type { Stored } from '../store/documents.js'
import { type Document, getField, isDocument, setField } from '../values/document.js'
import { typedFromBson } from '../values/queryable.js'
import { retype } from '../values/retype.js'
import { MINGO_OPTIONS, mingo } from './matcher.js'

/** The bytes that a client gets for a stored document. */
export type Projector = (stored: Stored) => Buffer

export const projectorOf = (projection: unknown, filter: Document): Projector => {
  if (projection === undefined || projection === null) return ({ bytes }) => bytes
  if (!isDocument(projection)) throw new MongoError('TypeMismatch', 'the projection must be an object')
  const fields = Object.entries(projection)
  if (fields.length === 0) return ({ bytes }) => bytes
  if (fields.every(([field, value]) => isFlag(value) && !field.includes('$'))) return plainProjector(fields)
  const query = mingo(() => new Query(filter, MINGO_OPTIONS))
  return ({ bytes, document }) => {
    const [result] = mingo(() => query.find<Document>([document], projection).all())
    return Buffer.from(serialize(retype(result ?? {}, typedFromBson(bytes)) as Document))
  }
}

const isFlag = (value: unknown): boolean => typeof value === 'number' || typeof value === 'boolean'

interface Tree {
  [field: string]: Tree | true
}

/** Inclusion or exclusion of fields, on the typed document, so that no number changes its type. */
const plainProjector = (fields: readonly [string, unknown][]): Projector => {
  const others = fields.filter(([field]) => field !== '_id')
  const idFlag = fields.find(([field]) => field === '_id')?.[1]
  const includes = others.length > 0 ? Boolean(others[0]?.[1]) : Boolean(idFlag)
  const strange = others.find(([, value]) => Boolean(value) !== includes)
  if (strange !== undefined) {
    const kinds = includes ? 'exclusion on field in inclusion' : 'inclusion on field in exclusion'
    throw new MongoError('BadValue', `Cannot do ${kinds} projection: ${strange[0]}`)
  }
  const tree = treeOf(others.map(([field]) => field))
  if (includes ? (idFlag ?? true) : idFlag === false || idFlag === 0) tree._id = true
  const apply = includes ? include : exclude
  return ({ bytes }) => Buffer.from(serialize(apply(typedFromBson(bytes), tree) as Document))
}

const treeOf = (paths: readonly string[]): Tree => {
  const root: Tree = Object.create(null)
  for (const path of paths) {
    let at = root
    const steps = path.split('.')
    steps.forEach((step, index) => {
      const next = at[step]
      const last = index === steps.length - 1
      if (next === true || (next !== undefined && last)) {
        throw new MongoError('BadValue', `Path collision at ${path}`)
      }
      if (last) at[step] = true
      else {
        const child: Tree = next ?? Object.create(null)
        at[step] = child
        at = child
      }
    })
  }
  return root
}

const include = (value: unknown, tree: Tree): unknown => {
  if (Array.isArray(value)) {
    return value.filter((item) => isDocument(item) || Array.isArray(item)).map((item) => include(item, tree))
  }
  if (!isDocument(value)) return undefined
  const result: Document = {}
  for (const name of Object.keys(value)) {
    const branch = tree[name]
    if (branch === undefined) continue
    const kept = branch === true ? value[name] : include(value[name], branch)
    if (kept !== undefined) setField(result, name, kept)
  }
  return result
}

const exclude = (value: unknown, tree: Tree): unknown => {
  if (Array.isArray(value)) return value.map((item) => exclude(item, tree))
  if (!isDocument(value)) return value
  const result: Document = {}
  for (const name of Object.keys(value)) {
    const branch = tree[name]
    if (branch === true) continue
    const field = getField(value, name)
    setField(result, name, branch === undefined ? field : exclude(field, branch))
  }
  return result
}
