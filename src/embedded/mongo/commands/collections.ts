import { serialize } from 'bson'
import { MongoError } from '../errors.js'
import { matcherOf } from '../query/matcher.js'
import type { Collection } from '../store/catalogue.js'
import { prefixRange, spacePrefix } from '../store/keys.js'
import type { Document } from '../values/document.js'
import { type Command, countIn, documentIn, flagIn, namespaceIn } from './command.js'

const create: Command = {
  fields: ['idIndex'],
  run: async ({ store, catalogue }, request) => {
    const namespace = namespaceIn(request)
    return await store.write(() => {
      if (catalogue.get(namespace) !== undefined) {
        throw new MongoError('NamespaceExists', `Collection ${namespace} already exists.`)
      }
      catalogue.create(namespace)
      return { ok: 1 }
    })
  },
}

/** As MongoDB since 7.0: to drop what is not there is no error. */
const drop: Command = {
  fields: [],
  run: async ({ store, catalogue }, request) => {
    const namespace = namespaceIn(request)
    return await store.write(() => {
      const collection = catalogue.get(namespace)
      if (collection === undefined) return { ok: 1 }
      catalogue.drop(collection)
      return { nIndexesWas: collection.indexes.length + 1, ns: namespace, ok: 1 }
    })
  },
}

const dropDatabase: Command = {
  fields: [],
  run: async ({ store, catalogue }, { database }) =>
    await store.write(() => {
      const collections = catalogue.all().filter((collection) => databaseOf(collection) === database)
      for (const collection of collections) catalogue.drop(collection)
      return collections.length === 0 ? { ok: 1 } : { dropped: database, ok: 1 }
    }),
}

const renameCollection: Command = {
  fields: ['to', 'dropTarget'],
  run: async ({ store, catalogue }, { body }) => {
    const { renameCollection: from, to } = body
    if (typeof from !== 'string' || typeof to !== 'string') {
      throw new MongoError('TypeMismatch', "BSON field 'renameCollection.to' is the wrong type, expected type 'string'")
    }
    return await store.write(() => {
      const source = catalogue.get(from)
      if (source === undefined) throw new MongoError('NamespaceNotFound', `Source collection ${from} does not exist`)
      if (from === to) throw new MongoError('IllegalOperation', "Can't rename a collection to itself")
      const target = catalogue.get(to)
      if (target !== undefined && !flagIn(body, 'dropTarget')) {
        throw new MongoError('NamespaceExists', 'target namespace exists')
      }
      if (target !== undefined) catalogue.drop(target)
      catalogue.rename(source, to)
      return { ok: 1 }
    })
  },
}

const collMod: Command = {
  run: () => {
    throw new MongoError('CommandNotSupported', 'collMod is not supported: collections have no options here')
  },
}

const listCollections: Command = {
  fields: ['filter', 'nameOnly', 'authorizedCollections', 'cursor'],
  run: async ({ catalogue, cursors }, { body, database }) => {
    const matches = matcherOf(documentIn(body, 'filter'))
    const nameOnly = flagIn(body, 'nameOnly')
    const found = catalogue
      .all()
      .filter((collection) => databaseOf(collection) === database)
      .map((collection) => describe(collection, nameOnly))
      .filter(matches)
    return await cursors.open(`${database}.$cmd.listCollections`, encoded(found), {
      size: countIn(documentIn(body, 'cursor'), 'batchSize'),
    })
  },
}

const describe = ({ namespace, uuid }: Collection, nameOnly: boolean): Document => {
  const name = namespace.slice(namespace.indexOf('.') + 1)
  if (nameOnly) return { name, type: 'collection' }
  const idIndex = { v: 2, key: { _id: 1 }, name: '_id_' }
  return { name, type: 'collection', options: {}, info: { readOnly: false, uuid }, idIndex }
}

/** Documents made here, as results of a cursor. */
export async function* encoded(documents: readonly Document[]): AsyncGenerator<Buffer> {
  for (const document of documents) yield Buffer.from(serialize(document))
}

const listDatabases: Command = {
  fields: ['filter', 'nameOnly', 'authorizedDatabases'],
  run: ({ store, catalogue }, { body }) => {
    const nameOnly = flagIn(body, 'nameOnly')
    const matches = matcherOf(documentIn(body, 'filter'))
    const names = [...new Set(catalogue.all().map(databaseOf))].sort()
    const databases = names
      .map((name) => {
        if (nameOnly) return { name }
        const own = catalogue.all().filter((collection) => databaseOf(collection) === name)
        const empty = own.every(({ space }) => store.count(prefixRange(spacePrefix(space))) === 0)
        return { name, sizeOnDisk: 0, empty }
      })
      .filter(matches)
    return { databases, ...(nameOnly ? {} : { totalSize: 0 }), ok: 1 }
  },
}

const databaseOf = ({ namespace }: Collection): string => namespace.slice(0, namespace.indexOf('.'))

export const collectionCommands: Readonly<Record<string, Command>> = {
  create,
  drop,
  dropDatabase,
  renameCollection,
  collMod,
  listCollections,
  listDatabases,
}
