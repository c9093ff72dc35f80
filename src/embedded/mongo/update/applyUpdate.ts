import { serialize } from 'bson'
import { updateOne } from 'mingo'
import { MongoError, toMongoError } from '../errors.js'
import { MINGO_OPTIONS } from '../query/matcher.js'
import { idKeyOf, type Stored } from '../store/documents.js'
import { type Document, isDocument, setField } from '../values/document.js'
import { queryableFromBson, typedFromBson } from '../values/queryable.js'
import { retype } from '../values/retype.js'
import { sortKey } from '../values/sortKey.js'
import { applyExactly } from './exactArithmetic.js'
import { modelOf } from './models.js'

/** One update as a client sent it: a whole document, operators, or a pipeline; as queries see it, and with BSON types. */
export interface Update {
  readonly filter: Document
  readonly change: Document | readonly Document[]
  readonly typedChange: Document | readonly unknown[]
  readonly arrayFilters: readonly Document[]
}

export const MAX_DOCUMENT_BYTES = 16_777_216

export const isReplacement = (change: Update['change']): change is Document =>
  isDocument(change) && !Object.keys(change).some((name) => name.startsWith('$'))

/** The document after the update. */
export const applyUpdate = (stored: Stored, update: Update): Stored => {
  const typed = typedFromBson(stored.bytes)
  if (isReplacement(update.change)) return replacement(stored.document, typed, update)
  // The update works in place, so it gets a document of its own.
  const document = queryableFromBson(stored.bytes)
  const result = change(document, update, false)
  return encode(result, stored.document._id, typed._id, modelFor(update, typed), typed)
}

/** The document that an upsert makes where none matched: what the filter demands to be equal, then the update. */
export const applyToNothing = (seed: Document, typedSeed: Document, update: Update, newId: () => unknown): Stored => {
  if (isReplacement(update.change)) {
    const id = update.change._id ?? seed._id ?? newId()
    const typed = isDocument(update.typedChange) ? update.typedChange : {}
    return encode({ ...update.change, _id: id }, id, typed._id ?? typedSeed._id ?? id, typed)
  }
  const result = change(seed, update, true)
  const id = result._id ?? newId()
  return encode({ ...result, _id: id }, id, undefined, modelFor(update, typedSeed), typedSeed)
}

const replacement = (before: Document, typedBefore: Document, update: Update): Stored => {
  const after = update.change as Document
  if (after._id !== undefined && !idKeyOf(after._id).equals(idKeyOf(before._id))) throw immutableId()
  const typed = isDocument(update.typedChange) ? update.typedChange : {}
  return encode(after, before._id, typedBefore._id, typed)
}

const modelFor = (update: Update, before: Document): Document =>
  isDocument(update.typedChange) ? modelOf(update.typedChange, before) : {}

const change = (document: Document, update: Update, inserting: boolean): Document => {
  const wanted = update.change
  const docs = [document]
  const modifiers = isDocument(wanted) ? operatorsFor(document, wanted, inserting) : wanted
  if (!Array.isArray(modifiers) && Object.keys(modifiers).length === 0) return document
  // On an insert nothing matched, so there is no filter to find positions with.
  const condition = inserting ? {} : positional(update)
  try {
    updateOne(
      docs as never[],
      condition,
      modifiers as never,
      { arrayFilters: [...update.arrayFilters], cloneMode: 'deep' },
      MINGO_OPTIONS,
    )
  } catch (error) {
    throw updateError(error)
  }
  return docs[0] ?? document
}

/** Only an update of the position that matched (`a.$`) needs the filter; the document is known to match it. */
const positional = ({ filter, change: wanted }: Update): Document =>
  isDocument(wanted) && JSON.stringify(Object.values(wanted).map((part) => Object.keys(part ?? {}))).includes('.$')
    ? filter
    : {}

const operatorsFor = (document: Document, wanted: Document, inserting: boolean): Document => {
  const modifiers = { ...wanted }
  for (const [operator, operands] of Object.entries(wanted)) {
    if (!operator.startsWith('$')) {
      throw new MongoError('FailedToParse', `Unknown modifier: ${operator}. Expected a valid update modifier`)
    }
    if (!isDocument(operands)) {
      throw new MongoError('FailedToParse', `Modifiers operate on fields, but ${operator} has another value`)
    }
    if (Object.keys(operands).length === 0) delete modifiers[operator]
  }
  const { $setOnInsert } = modifiers
  delete modifiers.$setOnInsert
  if (inserting && isDocument($setOnInsert)) {
    modifiers.$set = { ...$setOnInsert, ...(isDocument(modifiers.$set) ? modifiers.$set : {}) }
  }
  if (isDocument(modifiers.$set) && '_id' in modifiers.$set) {
    const { _id, ...rest } = modifiers.$set
    if (document._id === undefined) setField(document, '_id', _id)
    else if (!idKeyOf(_id).equals(idKeyOf(document._id))) throw immutableId()
    modifiers.$set = rest
    if (Object.keys(rest).length === 0) delete modifiers.$set
  }
  checkPaths(modifiers)
  checkArrays(document, modifiers)
  return applyExactly(document, modifiers)
}

const checkPaths = (modifiers: Document): void => {
  const paths = Object.values(modifiers).flatMap((operands) => Object.keys(operands ?? {}))
  for (const path of paths) {
    if (path === '_id' || path.startsWith('_id.')) throw immutableId()
    const clash = paths.some((other) => other !== path && other.startsWith(`${path}.`))
    if (clash || paths.indexOf(path) !== paths.lastIndexOf(path)) {
      throw new MongoError(
        'ConflictingUpdateOperators',
        `Updating the path '${path}' would create a conflict at '${path}'`,
      )
    }
    if (path === '' || path.split('.').includes('__proto__')) {
      throw new MongoError('BadValue', `The update path '${path}' is not allowed`)
    }
  }
}

const checkArrays = (document: Document, modifiers: Document): void => {
  for (const operator of ['$push', '$addToSet', '$pull', '$pullAll', '$pop']) {
    for (const path of Object.keys(modifiers[operator] ?? {})) {
      const value = document[path]
      if (value !== undefined && !Array.isArray(value)) {
        throw new MongoError('BadValue', `Cannot apply ${operator} to a non-array value in the field '${path}'`)
      }
    }
  }
}

const encode = (
  result: Document,
  id: unknown,
  typedId: unknown,
  ...models: readonly (Document | undefined)[]
): Stored => {
  const { _id, ...rest } = result
  if (_id !== undefined && !sortKey(_id).equals(sortKey(id))) throw immutableId()
  const typed = retype(rest, ...models) as Document
  const bytes = Buffer.from(serialize({ _id: typedId ?? retype(id, ...models.map((model) => model?._id)), ...typed }))
  if (bytes.length > MAX_DOCUMENT_BYTES) {
    throw new MongoError('BSONObjectTooLarge', `Resulting document after update is larger than ${MAX_DOCUMENT_BYTES}`)
  }
  return { document: queryableFromBson(bytes), bytes }
}

const immutableId = (): MongoError =>
  new MongoError('ImmutableField', "Performing an update on the path '_id' would modify the immutable field '_id'")

const updateError = (error: unknown): MongoError => {
  const known = toMongoError(error)
  if (known.codeName !== 'InternalError') return known
  const { message } = known
  if (/unknown (update|pipeline) operator/i.test(message)) return new MongoError('FailedToParse', message)
  if (/immutable field/.test(message)) return immutableId()
  return new MongoError('BadValue', message)
}
