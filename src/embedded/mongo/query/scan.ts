import { setImmediate as nextTurn } from 'node:timers/promises'
import { MongoError } from '../errors.js'
import type { Collection } from '../store/catalogue.js'
import type { Stored } from '../store/documents.js'
import { contentKey } from '../store/keys.js'
import type { KeyRange, KeyValues } from '../store/keyValues.js'
import { queryableFromBson } from '../values/queryable.js'
import type { Matcher } from './matcher.js'
import type { Plan } from './plan.js'

export interface ScanOptions {
  /** When to give up, in milliseconds of `Date.now()`. */
  readonly deadline?: number | undefined
}

const CHUNK_DOCUMENTS = 200
const CHUNK_BYTES = 4_000_000

/**
 * The matching documents, in the plan's order, read piece by piece: other clients get their turn between two pieces, no snapshot is
 * held, and what changes meanwhile may or may not be seen (as with MongoDB's read concern `local`).
 */
export async function* scan(
  store: KeyValues,
  collection: Collection,
  plan: Plan,
  matches: Matcher,
  { deadline }: ScanOptions = {},
): AsyncGenerator<Stored> {
  const seen = plan.index?.multikey === true ? new Set<string>() : undefined
  const ranges = plan.reverse ? [...plan.ranges].reverse() : plan.ranges
  let unread = 0
  for (const range of ranges) {
    let after: Buffer | undefined
    do {
      const chunk = readChunk(store, collection, plan, range, after, seen)
      for (const bytes of chunk.documents) {
        const document = queryableFromBson(bytes)
        if (matches(document)) yield { document, bytes }
      }
      after = chunk.last
      unread += chunk.read
      if (deadline !== undefined && Date.now() > deadline) {
        throw new MongoError('MaxTimeMSExpired', 'operation exceeded time limit')
      }
      if (unread >= CHUNK_DOCUMENTS) {
        unread = 0
        await nextTurn()
      }
    } while (after !== undefined)
  }
}

interface Chunk {
  readonly documents: readonly Buffer[]
  readonly read: number
  /** Where to go on, unless the range is done. */
  readonly last: Buffer | undefined
}

const readChunk = (
  store: KeyValues,
  collection: Collection,
  { index, reverse }: Plan,
  range: KeyRange,
  after: Buffer | undefined,
  seen: Set<string> | undefined,
): Chunk => {
  const documents: Buffer[] = []
  let bytes = 0
  let read = 0
  for (const { key, value } of store.entries(range, { reverse, after })) {
    const document = index === undefined ? value : fetch(store, collection, value, seen)
    read++
    if (document !== undefined) {
      documents.push(document)
      bytes += document.length
    }
    if (read >= CHUNK_DOCUMENTS || bytes >= CHUNK_BYTES) return { documents, read, last: key }
  }
  return { documents, read, last: undefined }
}

const fetch = (
  store: KeyValues,
  collection: Collection,
  id: Buffer,
  seen: Set<string> | undefined,
): Buffer | undefined => {
  if (seen !== undefined) {
    const name = id.toString('latin1')
    if (seen.has(name)) return undefined
    seen.add(name)
  }
  return store.get(contentKey(collection.space, id))
}
