import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EventStoreDBClient } from '@eventstore/db-client'
import { startEmbeddedEventStore } from '../../../src/embedded/eventstore/index.js'
import { createEventStoreDbClient, disposeEventStoreDbClient } from '../../../src/eventlog/eventStoreDb/client.js'
import type { ProjectorConfig } from '../../../src/projections/runProjector.js'
import { eventually, type Harness, openHarness } from './harness.js'
import { startTestStores } from './stores.js'

/** A read side over a log with a server of its own, which can go away and come back. */
export interface World {
  readonly harness: Harness
  readonly config: Required<Omit<ProjectorConfig, 'only'>>
  readonly client: EventStoreDBClient
  stopLog(): Promise<void>
  /** On the same address, with what was in it. */
  startLog(): Promise<void>
  /** Until some projector has made them. */
  tablesThere(): Promise<void>
  close(): Promise<void>
}

export const openWorld = async (): Promise<World> => {
  const stores = await startTestStores()
  const harness = await openHarness(stores)
  const directory = await mkdtemp(join(tmpdir(), 'flowledger-projections-'))
  const folder = join(directory, 'eventstore')
  await mkdir(folder, { mode: 0o700 })
  // Its own key would be another one after a restart.
  const accessKey = randomBytes(16).toString('hex')
  let server = await startEmbeddedEventStore({ directory: folder, accessKey })
  const { port, connectionString: eventstoreUrl } = server
  const client = createEventStoreDbClient(eventstoreUrl)
  return {
    harness,
    client,
    config: {
      postgresUrl: stores.postgresUrl,
      mongoUrl: stores.mongoUrl,
      eventstoreUrl,
      schemas: harness.schemas,
      mongoNames: harness.mongoNames,
    },
    stopLog: () => server.stop(),
    startLog: async () => {
      server = await startEmbeddedEventStore({ directory: folder, port, accessKey })
    },
    tablesThere: () =>
      eventually(
        async () =>
          (
            await harness.pool.query('SELECT to_regclass($1) AS there', [
              `${harness.schemas.control}.projection_status`,
            ])
          ).rows[0].there !== null,
      ),
    close: async () => {
      await harness.close()
      await disposeEventStoreDbClient(client)
      await server.stop()
      await stores.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
