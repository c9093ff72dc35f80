import { randomUUID } from 'node:crypto'
import { MongoError } from '../errors.js'
import {
  ALL_COLLECTIONS,
  ALL_TRASH,
  collectionKey,
  LAST_SPACE_KEY,
  namespaceOf,
  prefixRange,
  spaceOfTrash,
  spacePrefix,
  trashKey,
} from './keys.js'
import type { KeyValues } from './keyValues.js'

export interface Index {
  readonly name: string
  /** Fields in order, 1 ascending or -1 descending. */
  readonly key: readonly (readonly [field: string, direction: 1 | -1])[]
  readonly unique: boolean
  readonly sparse: boolean
  readonly space: number
  /** Some document has an array under an indexed field: one document, several entries. */
  multikey: boolean
  /** Some entry was too long and is ordered by its beginning only. */
  shortened: boolean
}

export interface Collection {
  readonly namespace: string
  readonly space: number
  readonly uuid: string
  /** Some `_id` was too long and is ordered by its beginning only. */
  longIds: boolean
  indexes: readonly Index[]
}

/** Which collections and indexes there are: in memory, and durable under the store's own keys. Changes only inside `write`. */
export interface Catalogue {
  get(namespace: string): Collection | undefined
  all(): readonly Collection[]
  create(namespace: string): Collection
  /** Writes down what was changed in `collection`. */
  save(collection: Collection): void
  rename(collection: Collection, namespace: string): void
  drop(collection: Collection): void
  newIndex(description: Pick<Index, 'name' | 'key' | 'unique' | 'sparse'>): Index
  /** The content of `space` is gone at once, its room is freed by `clearTrash`. */
  discard(space: number): void
  /** Forgets what is in memory and reads the store again, after a commit that failed. */
  reload(): void
}

export const openCatalogue = (store: KeyValues): Catalogue => {
  const collections = new Map<string, Collection>()
  const reload = (): void => {
    collections.clear()
    for (const { key, value } of store.entries(ALL_COLLECTIONS)) {
      const namespace = namespaceOf(key)
      collections.set(namespace, { namespace, ...JSON.parse(value.toString()) })
    }
  }
  reload()
  const nextSpace = (): number => {
    const space = (store.get(LAST_SPACE_KEY)?.readUInt32BE() ?? 0) + 1
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(space)
    store.put(LAST_SPACE_KEY, bytes)
    return space
  }
  const save = ({ namespace, ...rest }: Collection): void => {
    store.put(collectionKey(namespace), Buffer.from(JSON.stringify(rest)))
  }
  const discard = (space: number): void => store.put(trashKey(space), Buffer.alloc(0))
  return {
    get: (namespace) => collections.get(namespace),
    all: () => [...collections.values()],
    create: (namespace) => {
      checkNamespace(namespace)
      const collection: Collection = { namespace, space: nextSpace(), uuid: randomUUID(), longIds: false, indexes: [] }
      save(collection)
      collections.set(namespace, collection)
      return collection
    },
    save,
    rename: (collection, namespace) => {
      checkNamespace(namespace)
      const renamed = { ...collection, namespace }
      save(renamed)
      store.remove(collectionKey(collection.namespace))
      collections.delete(collection.namespace)
      collections.set(namespace, renamed)
    },
    drop: (collection) => {
      store.remove(collectionKey(collection.namespace))
      collections.delete(collection.namespace)
      for (const { space } of [collection, ...collection.indexes]) discard(space)
    },
    newIndex: (description) => ({ ...description, space: nextSpace(), multikey: false, shortened: false }),
    discard,
    reload,
  }
}

/** Frees what was dropped, a bounded piece per commit, so that nobody waits for it. */
export const clearTrash = async (store: KeyValues, isClosing: () => boolean): Promise<void> => {
  for (;;) {
    const [first] = store.entries(ALL_TRASH)
    if (first === undefined || isClosing()) return
    await store.write(() => {
      let removed = 0
      for (const { key } of [...take(store.entries(prefixRange(spacePrefix(spaceOfTrash(first.key)))), 500)]) {
        store.remove(key)
        removed++
      }
      if (removed === 0) store.remove(first.key)
    })
  }
}

function* take<T>(items: Iterable<T>, limit: number): Iterable<T> {
  let left = limit
  for (const item of items) {
    if (left-- === 0) return
    yield item
  }
}

const checkNamespace = (namespace: string): void => {
  const dot = namespace.indexOf('.')
  const database = namespace.slice(0, dot)
  const collection = namespace.slice(dot + 1)
  const bad =
    database === '' ||
    collection === '' ||
    Buffer.byteLength(namespace) > 255 ||
    /[\0/\\ "$.]/.test(database) ||
    /[\0$]/.test(collection) ||
    collection.startsWith('.') ||
    collection.startsWith('system.')
  if (bad) throw new MongoError('InvalidNamespace', `Invalid namespace specified '${namespace}'`)
}
