import { MongoError } from '../errors.js'
import type { Catalogue, Collection, Index } from '../store/catalogue.js'
import { idKeyOf, prepare, remember } from '../store/documents.js'
import { contentKey, prefixRange, spacePrefix } from '../store/keys.js'
import type { KeyValues } from '../store/keyValues.js'
import { type Document, isDocument } from '../values/document.js'
import { queryableFromBson } from '../values/queryable.js'
import { encoded } from './collections.js'
import { type Command, collectionIn, countIn, documentIn, documentsIn, namespaceIn } from './command.js'

type Wanted = Pick<Index, 'name' | 'key' | 'unique' | 'sparse'>

/** Options that change nothing here, or nothing any more. */
const IGNORED = new Set(['v', 'ns', 'background'])

const readIndex = (description: Document): Wanted => {
  const { name, key, unique = false, sparse = false, ...others } = description
  const strange = Object.keys(others).find((option) => !IGNORED.has(option))
  if (strange !== undefined) {
    throw new MongoError('CannotCreateIndex', `The index option '${strange}' is not supported by this server`)
  }
  if (typeof name !== 'string' || name === '' || !isDocument(key) || Object.keys(key).length === 0) {
    throw new MongoError('FailedToParse', "The 'name' and the 'key' of an index are required")
  }
  const fields = Object.entries(key).map(([field, direction]) => {
    const sign = typeof direction === 'number' ? Math.sign(direction) : 0
    if ((sign !== 1 && sign !== -1) || field === '' || field.includes('$')) {
      throw new MongoError(
        'CannotCreateIndex',
        `Only ascending and descending indexes on fields are supported, not ${field}`,
      )
    }
    return [field, sign] as const
  })
  return { name, key: fields, unique: Boolean(unique), sparse: Boolean(sparse) }
}

const isIdIndex = ({ key }: Wanted): boolean => key.length === 1 && key[0]?.[0] === '_id'

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

/** Whether such an index is there already; what resembles one and is not the same is refused. */
const isThere = (collection: Collection, wanted: Wanted): boolean => {
  if (isIdIndex(wanted)) return true
  for (const { name, key, unique, sparse } of collection.indexes) {
    const equal = same([key, unique, sparse], [wanted.key, wanted.unique, wanted.sparse])
    if (name === wanted.name) {
      if (equal) return true
      throw new MongoError(
        'IndexKeySpecsConflict',
        `An existing index has the same name as the requested index: ${name}`,
      )
    }
    if (same(key, wanted.key)) {
      throw new MongoError('IndexOptionsConflict', `Index already exists with a different name or options: ${name}`)
    }
  }
  return false
}

/** Builds the whole index within one write; where a unique one meets a duplicate, nothing of it remains. */
const build = (store: KeyValues, catalogue: Catalogue, collection: Collection, index: Index): void => {
  const written: Buffer[] = []
  try {
    for (const { value } of [...store.entries(prefixRange(spacePrefix(collection.space)))]) {
      const document = queryableFromBson(value)
      const id = idKeyOf(document._id)
      const entries = prepare(store, collection, index, document, id)
      for (const key of entries.keys) {
        const entry = contentKey(index.space, key, id)
        store.put(entry, id)
        written.push(entry)
      }
      index.multikey ||= entries.multikey
      index.shortened ||= entries.shortened
    }
  } catch (error) {
    for (const entry of written) store.remove(entry)
    throw error
  }
  collection.indexes = [...collection.indexes, index]
  remember(catalogue, collection, [])
  catalogue.save(collection)
}

const createIndexes: Command = {
  fields: ['indexes', 'commitQuorum'],
  run: async ({ store, catalogue }, request) => {
    const namespace = namespaceIn(request)
    const wanted = documentsIn(request.body, 'indexes').map(readIndex)
    if (wanted.length === 0) throw new MongoError('BadValue', 'Must specify at least one index to create')
    return await store.write(() => {
      const found = catalogue.get(namespace)
      const collection = found ?? catalogue.create(namespace)
      const before = collection.indexes.length
      for (const index of wanted) {
        if (!isThere(collection, index)) build(store, catalogue, collection, catalogue.newIndex(index))
      }
      return {
        numIndexesBefore: before + 1,
        numIndexesAfter: collection.indexes.length + 1,
        createdCollectionAutomatically: found === undefined,
        ...(collection.indexes.length === before ? { note: 'all indexes already exist' } : {}),
        ok: 1,
      }
    })
  },
}

const listIndexes: Command = {
  fields: ['cursor'],
  run: async (context, request) => {
    const { indexes, namespace } = collectionIn(context, request)
    const described = indexes.map(({ name, key, unique, sparse }) => ({
      v: 2,
      key: Object.fromEntries(key),
      name,
      ...(unique ? { unique } : {}),
      ...(sparse ? { sparse } : {}),
    }))
    const all = [{ v: 2, key: { _id: 1 }, name: '_id_' }, ...described]
    return await context.cursors.open(namespace, encoded(all), {
      size: countIn(documentIn(request.body, 'cursor'), 'batchSize'),
    })
  },
}

const dropIndexes: Command = {
  fields: ['index'],
  run: async (context, request) => {
    const { store, catalogue } = context
    return await store.write(() => {
      const collection = collectionIn(context, request)
      const before = collection.indexes.length
      const { index: wanted } = request.body
      const names = wanted === '*' ? collection.indexes.map(({ name }) => name) : [wanted].flat()
      for (const one of names) {
        const isKey = isDocument(one)
        if (one === '_id_' || (isKey && same(one, { _id: 1 })))
          throw new MongoError('InvalidOptions', 'cannot drop _id index')
        const index = collection.indexes.find(({ name, key }) =>
          isKey ? same(key, Object.entries(one)) : name === one,
        )
        if (index === undefined)
          throw new MongoError('IndexNotFound', `index not found with name [${JSON.stringify(one)}]`)
        collection.indexes = collection.indexes.filter((other) => other !== index)
        context.catalogue.discard(index.space)
      }
      catalogue.save(collection)
      return { nIndexesWas: before + 1, ok: 1 }
    })
  },
}

export const indexCommands: Readonly<Record<string, Command>> = {
  createIndexes,
  listIndexes,
  dropIndexes,
  deleteIndexes: dropIndexes,
}
