import { MongoError } from '../errors.js'
import { type Document, setField } from '../values/document.js'
import { fromQueryable } from '../values/queryable.js'
import { boundedKey, MAX_KEY_PART, sortKey } from '../values/sortKey.js'
import type { Catalogue, Collection, Index } from './catalogue.js'
import { entriesOf } from './indexEntries.js'
import { contentKey, prefixRange } from './keys.js'
import type { KeyValues } from './keyValues.js'

/** A document as queries see it, and its bytes. */
export interface Stored {
  readonly document: Document
  readonly bytes: Buffer
}

export const idKeyOf = (id: unknown): Buffer => boundedKey(sortKey(id))

/** Documents and their index entries, changed together. Every check comes before the first write. Only inside `write`. */
export const documentWriter = (store: KeyValues, catalogue: Catalogue) => {
  const insert = (collection: Collection, added: Stored): void => {
    const id = idKeyOf(added.document._id)
    if (store.has(contentKey(collection.space, id))) {
      throw duplicateKey(collection, '_id_', { _id: 1 }, { _id: fromQueryable(added.document._id) })
    }
    const entries = collection.indexes.map((index) => prepare(store, collection, index, added.document, id))
    store.put(contentKey(collection.space, id), added.bytes)
    if (id.length > MAX_KEY_PART && !collection.longIds) {
      collection.longIds = true
      catalogue.save(collection)
    }
    collection.indexes.forEach((index, at) => {
      for (const key of entries[at]?.keys ?? []) store.put(contentKey(index.space, key, id), id)
    })
    remember(catalogue, collection, entries)
  }

  const replace = (collection: Collection, before: Document, after: Stored): void => {
    const id = idKeyOf(before._id)
    const entries = collection.indexes.map((index) => prepare(store, collection, index, after.document, id))
    const old = collection.indexes.map((index) => entriesOf(index, before).keys)
    store.put(contentKey(collection.space, id), after.bytes)
    collection.indexes.forEach((index, at) => {
      const fresh = entries[at]?.keys ?? []
      const kept = new Set(fresh.map((key) => key.toString('latin1')))
      for (const key of old[at] ?? []) {
        if (!kept.has(key.toString('latin1'))) store.remove(contentKey(index.space, key, id))
      }
      for (const key of fresh) store.put(contentKey(index.space, key, id), id)
    })
    remember(catalogue, collection, entries)
  }

  const remove = (collection: Collection, document: Document): void => {
    const id = idKeyOf(document._id)
    store.remove(contentKey(collection.space, id))
    for (const index of collection.indexes) {
      for (const key of entriesOf(index, document).keys) store.remove(contentKey(index.space, key, id))
    }
  }

  return { insert, replace, remove }
}

export type DocumentWriter = ReturnType<typeof documentWriter>

type Prepared = ReturnType<typeof entriesOf>

/** The entries of a document in an index; throws where a unique one is taken by another document. */
export const prepare = (
  store: KeyValues,
  collection: Collection,
  index: Index,
  document: Document,
  id: Buffer,
): Prepared => {
  const entries = entriesOf(index, document)
  if (!index.unique) return entries
  for (const key of entries.keys) {
    for (const { value } of store.entries(prefixRange(contentKey(index.space, key)))) {
      if (!value.equals(id)) throw duplicateInIndex(collection, index, document)
    }
  }
  return entries
}

export const remember = (catalogue: Catalogue, collection: Collection, entries: readonly Prepared[]): void => {
  let changed = false
  collection.indexes.forEach((index, at) => {
    const { multikey = false, shortened = false } = entries[at] ?? {}
    if ((multikey && !index.multikey) || (shortened && !index.shortened)) {
      index.multikey ||= multikey
      index.shortened ||= shortened
      changed = true
    }
  })
  if (changed) catalogue.save(collection)
}

const duplicateInIndex = (collection: Collection, index: Index, document: Document): MongoError => {
  const pattern: Document = {}
  const value: Document = {}
  for (const [field, direction] of index.key) {
    setField(pattern, field, direction)
    const found: unknown = field
      .split('.')
      .reduce((at: unknown, step) => (at as Document | undefined)?.[step], document)
    setField(value, field, found === undefined ? null : fromQueryable(found))
  }
  return duplicateKey(collection, index.name, pattern, value)
}

const duplicateKey = (collection: Collection, index: string, keyPattern: Document, keyValue: Document): MongoError => {
  const shown = Object.entries(keyValue).map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
  const message = `E11000 duplicate key error collection: ${collection.namespace} index: ${index} dup key: { ${shown.join(', ')} }`
  return new MongoError('DuplicateKey', message, { keyPattern, keyValue })
}
