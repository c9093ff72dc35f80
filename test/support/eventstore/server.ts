import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EventStoreDBClient } from '@eventstore/db-client'
import {
  type EmbeddedEventStore,
  type EmbeddedEventStoreOptions,
  startEmbeddedEventStore,
} from '../../../src/embedded/eventstore/index.js'

export interface TestServer {
  readonly directory: string
  readonly store: EmbeddedEventStore
  readonly client: EventStoreDBClient
  /** Stops the server and starts it again on the same directory; `client` stays the client to use. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** Starts a server on a directory of its own, with the one client that a process should have. */
export async function startTestServer(options: Partial<EmbeddedEventStoreOptions> = {}): Promise<TestServer> {
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), 'eventstore-'))
  const accessKey = options.accessKey ?? randomUUID()
  let store = await startEmbeddedEventStore({ ...options, directory, accessKey })
  const client = EventStoreDBClient.connectionString(store.connectionString)
  return {
    directory,
    get store() {
      return store
    },
    client,
    async restart() {
      const { port } = store
      await store.stop()
      store = await startEmbeddedEventStore({ ...options, directory, accessKey, port })
    },
    async stop() {
      await client.dispose()
      await store.stop()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

export const newStream = (category = 'test'): string => `${category}-${randomUUID()}`
