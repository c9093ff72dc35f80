import type { MongoClient } from 'mongodb'
import type { Pool } from 'pg'
import type { Projection } from '../model/projection.js'
import { mongoGenerationStore } from '../mongo/mongoGenerationStore.js'
import { mongoReadModelStore } from '../mongo/mongoReadModelStore.js'
import type { MongoNames } from '../mongo/names.js'
import { progressChannel, type SchemaNames } from '../postgres/names.js'
import { postgresGenerationStore } from '../postgres/postgresGenerationStore.js'
import { postgresReadModelStore } from '../postgres/postgresReadModelStore.js'
import type { GenerationStore, ReadModelStore } from '../store/projectionStore.js'

export interface StoreDependencies {
  readonly postgresUrl: string
  /** For what is not on the path of events. */
  readonly pool: Pool
  readonly mongo: MongoClient
  readonly schemas: SchemaNames
  readonly mongoNames: MongoNames
}

/** The adapters by what a projection says of its store. */
export interface Stores {
  generations(projection: Projection): GenerationStore
  /** With a session of its own, which the caller closes. */
  open(projection: Projection, purpose: string): ReadModelStore
}

export const createStores = ({ postgresUrl, pool, mongo, schemas, mongoNames }: StoreDependencies): Stores => {
  const postgresGenerations = postgresGenerationStore(pool, schemas)
  const mongoGenerations = mongoGenerationStore(mongo, mongoNames)
  const announce = async (projection: string, position: bigint) => {
    await pool.query('SELECT pg_notify($1, $2)', [progressChannel(schemas), `${projection} ${position}`])
  }
  return {
    generations: ({ store }) => (store === 'postgres' ? postgresGenerations : mongoGenerations),
    open: ({ store, name }, purpose) =>
      store === 'postgres'
        ? postgresReadModelStore({
            connectionString: postgresUrl,
            names: schemas,
            name: `flowledger ${name} (${purpose})`,
          })
        : mongoReadModelStore({ mongo, names: mongoNames, announce }),
  }
}
