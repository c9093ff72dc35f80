import { MongoClient } from 'mongodb'
import pg, { type Pool } from 'pg'
import { v7 as uuidv7 } from 'uuid'
import { createCommandHandler } from '../../../src/commands/eventStoreCommandHandler.js'
import { createProjectionOperationCommands } from '../../../src/commands/projectionOperations/projectionOperationCommands.js'
import type { EventFeed } from '../../../src/eventlog/eventFeed.js'
import type { EventStore } from '../../../src/eventlog/eventStore.js'
import { projections as allProjections } from '../../../src/projections/definitions/index.js'
import type { Projection } from '../../../src/projections/model/projection.js'
import type { MongoNames } from '../../../src/projections/mongo/names.js'
import {
  createProjectionOperations,
  type RunningProjectionOperations,
} from '../../../src/projections/operations/createProjectionOperations.js'
import type { OperationContext, Rebuild } from '../../../src/projections/operations/projectionOperations.js'
import { type SchemaNames, schemasNamed } from '../../../src/projections/postgres/names.js'
import { createProjector, type Projector } from '../../../src/projections/projector/projector.js'
import { createReadModels, type ReadModels } from '../../../src/projections/queries/readModels.js'
import type { TestStores } from './stores.js'

let counter = 0

/** A read side of its own within the shared stores: schemas and collections under a name of their own. */
export interface Harness {
  readonly schemas: SchemaNames
  readonly mongoNames: MongoNames
  readonly pool: Pool
  readonly mongo: MongoClient
  readonly readModels: ReadModels
  readonly lines: string[]
  projector(feed: EventFeed & Pick<EventStore, 'readStream'>, only?: readonly Projection[]): Projector
  /** Started; what operators did goes into the log. */
  operations(log: EventFeed & EventStore, only?: readonly Projection[]): Promise<RunningProjectionOperations>
  close(): Promise<void>
}

export const openHarness = async (stores: TestStores): Promise<Harness> => {
  counter += 1
  const name = `t${process.pid}_${counter}_${Date.now() % 100_000}`
  const schemas = schemasNamed(name)
  const mongoNames: MongoNames = { database: 'flowledger_test', prefix: `${name}_` }
  const pool = new pg.Pool({ connectionString: stores.postgresUrl, max: 8 })
  pool.on('error', () => undefined)
  const mongo = await new MongoClient(stores.mongoUrl).connect()
  const started: Projector[] = []
  const operating: RunningProjectionOperations[] = []
  const lines: string[] = []
  return {
    schemas,
    mongoNames,
    pool,
    mongo,
    lines,
    readModels: createReadModels({ pool, mongo, schema: schemas.read, mongoNames }),
    projector: (feed, only = allProjections) => {
      const projector = createProjector({
        feed,
        streams: feed,
        projections: only,
        postgresUrl: stores.postgresUrl,
        pool,
        mongo,
        schemas,
        mongoNames,
        log: (line) => lines.push(line),
      })
      started.push(projector)
      return projector
    },
    operations: async (log, only = allProjections) => {
      const handler = createCommandHandler({ store: log })
      const running = createProjectionOperations({
        postgresUrl: stores.postgresUrl,
        pool,
        mongo,
        feed: log,
        streams: log,
        projections: only,
        record: createProjectionOperationCommands({ handler }).record,
        schemas,
        mongoNames,
        log: (line) => lines.push(line),
      })
      await running.start()
      operating.push(running)
      return running
    },
    close: async () => {
      for (const running of operating) await running.stop()
      for (const projector of started) await projector.stop()
      await pool.end()
      await mongo.close()
    },
  }
}

/** Until it holds; the test's own timeout is the limit. */
export const eventually = async (check: () => Promise<boolean> | boolean): Promise<void> => {
  while (!(await check())) await new Promise((resolve) => setTimeout(resolve, 10))
}

export const operator = (): OperationContext => ({
  actor: { kind: 'apiKey', id: 'key-1', name: 'operator' },
  commandId: uuidv7(),
  correlationId: uuidv7(),
  now: new Date().toISOString(),
})

/** Every state that a rebuild showed, until it ended. */
export const watch = async (operations: RunningProjectionOperations, id: string): Promise<Rebuild[]> => {
  const seen: Rebuild[] = []
  for await (const rebuild of operations.progress(id)) seen.push(rebuild)
  return seen
}

/** The live projector is up to the position in all of its projections. */
export const reached = (projector: Projector, position: bigint): Promise<void> =>
  eventually(() => {
    const status = projector.status()
    return status.length > 0 && status.every((each) => each.position !== null && each.position >= position)
  })
