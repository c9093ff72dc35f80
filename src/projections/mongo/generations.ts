import type { Collection, MongoClient } from 'mongodb'
import type { Projection } from '../model/projection.js'
import type { Generation, GenerationRef } from '../store/projectionStore.js'
import { toPosition } from './documents.js'
import { collectionOf, generationCollection, type MongoNames, pointerCollection } from './names.js'

/** `_id` is `<projection>_g<n>`. `position` is a Long. Which one is active stands in the pointer alone. */
export interface GenerationDocument {
  _id: string
  projection: string
  generation: number
  version: number
  state: 'building' | 'kept' | 'retired'
  position: unknown
}

/** What readers look up: written in one operation, so a swap is one. */
export interface PointerDocument {
  _id: string
  active: number
}

export const generationId = ({ projection, generation }: GenerationRef): string => `${projection.name}_g${generation}`

export const generationsOf = (mongo: MongoClient, names: MongoNames): Collection<GenerationDocument> =>
  mongo.db(names.database).collection(generationCollection(names))

export const pointersOf = (mongo: MongoClient, names: MongoNames): Collection<PointerDocument> =>
  mongo.db(names.database).collection(pointerCollection(names))

export const listGenerations = async (
  mongo: MongoClient,
  names: MongoNames,
  projection: Projection,
): Promise<Generation[]> => {
  const pointer = await pointersOf(mongo, names).findOne({ _id: projection.name })
  const found = await generationsOf(mongo, names)
    .find({ projection: projection.name })
    .sort({ generation: 1 })
    .toArray()
  return found.map(({ generation, version, state, position }) => ({
    generation,
    version,
    state: generation === pointer?.active ? 'active' : state,
    position: toPosition(position),
  }))
}

export const collectionName = (names: MongoNames, { generation }: GenerationRef, table: string): string =>
  collectionOf(names, table, generation)
