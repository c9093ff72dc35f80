import { createHash } from 'node:crypto'
import { calculateObjectSize } from 'bson'
import type { Document, MongoClient } from 'mongodb'
import { canonicalJson } from '../../domain/canonicalJson.js'
import type { Table } from '../model/projection.js'
import type { Activation, GenerationRef, GenerationStore, TableComparison } from '../store/projectionStore.js'
import { idColumn, type StoredDocument, toRow } from './documents.js'
import { collectionName, generationId, generationsOf, listGenerations, pointersOf } from './generations.js'
import { deadLetterCollection, type MongoNames } from './names.js'

/** How many differing documents are named. */
const named = 20
/** How many documents are measured to tell the size of all. */
const measured = 200

const indexSpecification = (columns: string): Record<string, 1 | -1> =>
  Object.fromEntries(
    columns.split(',').map((part) => {
      const [name = '', direction] = part.trim().split(/\s+/)
      return [name, direction === 'DESC' ? -1 : 1]
    }),
  )

const hashOf = (document: Document): string => createHash('sha256').update(canonicalJson(document)).digest('hex')

/** A collection per generation, and a pointer document that readers follow. */
export const mongoGenerationStore = (mongo: MongoClient, names: MongoNames): GenerationStore => {
  const database = mongo.db(names.database)
  const collectionFor = (ref: GenerationRef, table: Table) =>
    database.collection<StoredDocument>(collectionName(names, ref, table.name))

  const dropCollections = async (ref: GenerationRef) => {
    for (const table of ref.projection.tables) {
      const name = collectionName(names, ref, table.name)
      if ((await database.listCollections({ name }).toArray()).length > 0) await database.dropCollection(name)
    }
    await database.collection(deadLetterCollection(names)).deleteMany({ generation: generationId(ref) })
  }

  const finish = async (ref: GenerationRef) => {
    for (const table of ref.projection.tables) {
      for (const { name, columns } of table.indexes) {
        await collectionFor(ref, table).createIndex(indexSpecification(columns), { name })
      }
    }
  }

  const activate = async (ref: GenerationRef): Promise<Activation> => {
    const generations = await listGenerations(mongo, names, ref.projection)
    const candidate = generations.find(({ generation }) => generation === ref.generation)
    const active = generations.find(({ state }) => state === 'active')
    if (candidate === undefined) throw new Error(`there is no generation ${ref.generation} of ${ref.projection.name}`)
    const other = active?.generation === ref.generation ? undefined : active
    if (other !== undefined && other.position !== null && (candidate.position ?? -1n) < other.position)
      return { outcome: 'behind' }
    if (other !== undefined) {
      const state = other.version === ref.projection.version ? 'kept' : 'retired'
      await generationsOf(mongo, names).updateOne(
        { _id: generationId({ ...ref, generation: other.generation }) },
        { $set: { state } },
      )
    }
    // Readers see one or the other; this write is the whole swap.
    const begun = performance.now()
    await pointersOf(mongo, names).updateOne(
      { _id: ref.projection.name },
      { $set: { active: ref.generation } },
      { upsert: true },
    )
    return { outcome: 'activated', lockedMs: performance.now() - begun }
  }

  /** Documents are few and large, so each is reduced to a hash: memory holds one line for each, not the snapshots. */
  const hashes = async (ref: GenerationRef, table: Table): Promise<Map<string, string>> => {
    const found = new Map<string, string>()
    for await (const document of collectionFor(ref, table).find({})) found.set(document._id, hashOf(document))
    return found
  }

  const differingColumns = async (before: GenerationRef, after: GenerationRef, table: Table, id: string) => {
    const [was, is] = await Promise.all(
      [before, after].map((ref) => collectionFor(ref, table).findOne({ _id: id }) as Promise<StoredDocument | null>),
    )
    return Object.keys(table.columns).filter(
      (name) => canonicalJson({ value: was?.[name] ?? null }) !== canonicalJson({ value: is?.[name] ?? null }),
    )
  }

  const compareTable = async (before: GenerationRef, after: GenerationRef, table: Table): Promise<TableComparison> => {
    const [was, is] = [await hashes(before, table), await hashes(after, table)]
    const differing = [...new Set([...was.keys(), ...is.keys()])].filter((id) => was.get(id) !== is.get(id))
    const differences: TableComparison['differences'][number][] = []
    for (const id of differing.slice(0, named)) {
      const key = { [idColumn(table)]: id }
      if (!is.has(id)) differences.push({ key, kind: 'missing' })
      else if (!was.has(id)) differences.push({ key, kind: 'unexpected' })
      else differences.push({ key, kind: 'different', columns: await differingColumns(before, after, table, id) })
    }
    return { table: table.name, before: was.size, after: is.size, differences }
  }

  return {
    finish,
    adjustIndexes: finish,
    activate,
    list: (projection) => listGenerations(mongo, names, projection),
    prepare: async (ref, { indexed }) => {
      await dropCollections(ref)
      for (const table of ref.projection.tables) {
        await database.createCollection(collectionName(names, ref, table.name))
      }
      if (indexed) await finish(ref)
      const { projection, generation } = ref
      await generationsOf(mongo, names).updateOne(
        { _id: generationId(ref) },
        {
          $set: {
            projection: projection.name,
            generation,
            version: projection.version,
            state: 'building',
            position: null,
          },
        },
        { upsert: true },
      )
    },
    drop: async (ref) => {
      await generationsOf(mongo, names).deleteOne({ _id: generationId(ref) })
      await dropCollections(ref)
    },
    sampleOwners: async (ref, table, limit) => {
      const owners = collectionFor(ref, table).aggregate([
        { $group: { _id: `$${table.owner}` } },
        { $sample: { size: limit } },
      ])
      return (await owners.toArray()).map(({ _id }) => String(_id))
    },
    rowsOf: async (ref, table, owners) => {
      const found = await collectionFor(ref, table)
        .find({ [table.owner]: { $in: [...owners] } })
        .toArray()
      return found.map((document) => toRow(table, document as StoredDocument))
    },
    size: async (ref) => {
      let rows = 0
      let bytes = 0
      for (const table of ref.projection.tables) {
        const collection = collectionFor(ref, table)
        const count = await collection.estimatedDocumentCount()
        const sample = await collection.find({}).limit(measured).toArray()
        const sampled = sample.reduce((sum, document) => sum + calculateObjectSize(document), 0)
        rows += count
        bytes += sample.length === 0 ? 0 : Math.round((sampled / sample.length) * count)
      }
      return { rows, bytes }
    },
    // No snapshots here: both rest until the comparison is done.
    compare: async (before, after, onSnapshot) => {
      const tables: TableComparison[] = []
      for (const table of after.projection.tables) tables.push(await compareTable(before, after, table))
      onSnapshot()
      return { tables }
    },
  }
}
