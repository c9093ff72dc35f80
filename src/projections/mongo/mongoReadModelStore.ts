import {
  type AnyBulkWriteOperation,
  type Collection,
  MongoBulkWriteError,
  type MongoClient,
  MongoServerError,
} from 'mongodb'
import type { LoadRequest, TableChanges } from '../fold/batchFold.js'
import type { Row, Table } from '../model/projection.js'
import type {
  Commit,
  DeadLetterChanges,
  GenerationRef,
  ReadModelStore,
  StoredDeadLetter,
} from '../store/projectionStore.js'
import { idColumn, payloadColumns, type StoredDocument, toDocument, toLong, toPosition, toRow } from './documents.js'
import { asStoreError, duplicateKey, isDuplicateKey } from './errors.js'
import { collectionName, generationId, generationsOf } from './generations.js'
import { deadLetterCollection, type MongoNames } from './names.js'

export interface MongoReadModelStoreOptions {
  readonly mongo: MongoClient
  readonly names: MongoNames
  /** Tells those who wait for a projection; MongoDB itself has no such channel. */
  readonly announce: (projection: string, position: bigint) => Promise<void>
}

interface LetterDocument {
  _id: string
  generation: string
  stream: string
  position: unknown
  revision: number
  event_id: string
  type: string
  reason: string
  held: number
  at: string
}

const withoutUndefined = (document: StoredDocument): StoredDocument =>
  Object.fromEntries(Object.entries(document).filter(([, value]) => value !== undefined)) as StoredDocument

/** Goes on behind documents that were applied before; any other error counts. */
const bulkWriteOnce = async (
  collection: Collection<StoredDocument>,
  operations: AnyBulkWriteOperation<StoredDocument>[],
): Promise<void> => {
  try {
    await collection.bulkWrite(operations, { ordered: false })
  } catch (error) {
    const errors = error instanceof MongoBulkWriteError ? [error.writeErrors].flat() : []
    const real = errors.find(({ code }) => code !== duplicateKey)
    if (errors.length === 0) throw error
    if (real !== undefined) throw new MongoServerError({ message: real.errmsg ?? 'refused', code: real.code })
  }
}

/**
 * Documents in MongoDB. There is no transaction over them and the checkpoint, so every document carries the revision of the
 * event that changed it last: what was applied before a crash is recognised (a document that is there, or is newer) and left
 * alone, and the checkpoint is moved last.
 */
export const mongoReadModelStore = ({ mongo, names, announce }: MongoReadModelStoreOptions): ReadModelStore => {
  const database = mongo.db(names.database)
  const letters = database.collection<LetterDocument>(deadLetterCollection(names))
  const documentsOf = (ref: GenerationRef, table: Table) =>
    database.collection<StoredDocument>(collectionName(names, ref, table.name))

  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw asStoreError(error)
    }
  }

  const loadOne = async (ref: GenerationRef, { table, owners, keys }: LoadRequest): Promise<Row[]> => {
    const projection = Object.fromEntries(payloadColumns(table).map((name) => [name, 0]))
    const filters = [
      ...(owners.length > 0 ? [{ [table.owner]: { $in: owners } }] : []),
      ...(keys.length > 0 ? [{ _id: { $in: keys.map(([, local]) => local) } }] : []),
    ]
    const found = await Promise.all(
      filters.map((filter) => documentsOf(ref, table).find(filter).project<StoredDocument>(projection).toArray()),
    )
    return found.flat().map((document) => toRow(table, document))
  }

  const write = async (ref: GenerationRef, { table, inserts, updates, deletes }: TableChanges): Promise<number> => {
    let bytes = 0
    const operations: AnyBulkWriteOperation<StoredDocument>[] = []
    for (const row of [...inserts, ...updates]) {
      const { _id, ...fields } = withoutUndefined(toDocument(table, row))
      bytes += JSON.stringify(fields).length
      // A document that is as new or newer does not match, and can't be inserted a second time: it was applied before.
      const filter = { _id, revision: { $lt: fields.revision } }
      operations.push({ updateOne: { filter, update: { $set: fields }, upsert: true } })
    }
    const id = idColumn(table)
    for (const row of deletes) operations.push({ deleteOne: { filter: { _id: String(row[id]) } } })
    if (operations.length > 0) await bulkWriteOnce(documentsOf(ref, table), operations)
    return bytes
  }

  const changeDeadLetters = async (ref: GenerationRef, { add, remove, held }: DeadLetterChanges) => {
    const generation = generationId(ref)
    if (remove.length > 0) await letters.deleteMany({ generation, stream: { $in: [...remove] } })
    for (const letter of add) {
      try {
        await letters.insertOne({
          _id: `${generation} ${letter.stream}`,
          generation,
          stream: letter.stream,
          position: toLong(letter.position),
          revision: letter.revision,
          event_id: letter.eventId,
          type: letter.type,
          reason: letter.reason,
          held: held.get(letter.stream) ?? 0,
          at: new Date().toISOString(),
        })
      } catch (error) {
        if (!isDuplicateKey(error)) throw error
      }
    }
    const added = new Set(add.map(({ stream }) => stream))
    for (const [stream, count] of held) {
      if (!added.has(stream)) await letters.updateOne({ generation, stream }, { $inc: { held: count } })
    }
  }

  const commit = async ({ ref, from, to, changes, deadLetters, announce: announced }: Commit) => {
    const generations = generationsOf(mongo, names)
    const mine = { _id: generationId(ref), position: toLong(from) }
    if ((await generations.countDocuments(mine, { limit: 1 })) === 0) return { outcome: 'lost' as const, bytes: 0 }
    let bytes = 0
    for (const change of changes) bytes += await write(ref, change)
    await changeDeadLetters(ref, deadLetters)
    const moved = await generations.updateOne(mine, { $set: { position: toLong(to) } })
    if (moved.matchedCount === 0) return { outcome: 'lost' as const, bytes }
    if (announced && to !== null) await announce(ref.projection.name, to)
    return { outcome: 'committed' as const, bytes }
  }

  return {
    load: (ref, requests) => guarded(() => Promise.all(requests.map((request) => loadOne(ref, request)))),
    commit: (wanted) => guarded(() => commit(wanted)),
    checkpoint: (ref) =>
      guarded(async () => {
        const found = await generationsOf(mongo, names).findOne({ _id: generationId(ref) })
        return found === null ? undefined : { position: toPosition(found.position) }
      }),
    deadLetters: (ref) =>
      guarded(async () => {
        const found = await letters
          .find({ generation: generationId(ref) })
          .sort({ position: 1 })
          .toArray()
        return found.map(
          ({ event_id, position, stream, revision, type, reason, held, at }): StoredDeadLetter => ({
            stream,
            position: toPosition(position) ?? 0n,
            revision,
            eventId: event_id,
            type,
            reason,
            held,
            at,
          }),
        )
      }),
    close: async () => undefined,
  }
}
