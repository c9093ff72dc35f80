import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbeddedEventStore } from '../../src/embedded/eventstore/index.js'
import type { EventFeed } from '../../src/eventlog/eventFeed.js'
import type { EventStore } from '../../src/eventlog/eventStore.js'
import { createEventStoreDbClient } from '../../src/eventlog/eventStoreDb/client.js'
import { eventStoreDbFeed } from '../../src/eventlog/eventStoreDb/eventStoreDbFeed.js'
import { eventStoreDbStore } from '../../src/eventlog/eventStoreDb/eventStoreDbStore.js'
import { eventStoreDbWorkQueue } from '../../src/eventlog/eventStoreDb/eventStoreDbWorkQueue.js'
import { createInMemoryLog } from '../../src/eventlog/inMemory/inMemoryLog.js'
import type { WorkQueue } from '../../src/eventlog/workQueue.js'

export type Log = EventStore & EventFeed & WorkQueue
export interface LogAdapter {
  name: string
  start(): Promise<{ log: Log; stop(): Promise<void> }>
}

const overEventStoreDb = async (connectionString: string) => {
  const client = createEventStoreDbClient(connectionString)
  const log: Log = { ...eventStoreDbStore(client), ...eventStoreDbFeed(client), ...eventStoreDbWorkQueue(client) }
  return { log, dispose: () => client.dispose() }
}

const embedded: LogAdapter = {
  name: 'embedded EventStoreDB',
  start: async () => {
    const directory = await mkdtemp(join(tmpdir(), 'flowledger-log-'))
    const server = await startEmbeddedEventStore({ directory })
    const { log, dispose } = await overEventStoreDb(server.connectionString)
    const stop = async () => {
      await dispose()
      await server.stop()
      await rm(directory, { recursive: true, force: true })
    }
    return { log, stop }
  },
}

const inMemory: LogAdapter = {
  name: 'in memory',
  start: async () => ({ log: createInMemoryLog(), stop: async () => {} }),
}

const real = (url: string): LogAdapter => ({
  name: 'EventStoreDB',
  start: async () => {
    const { log, dispose } = await overEventStoreDb(url)
    return { log, stop: dispose }
  },
})

/** Every adapter of the log's ports: the real server where TEST_EVENTSTORE_URL names one, the others always. */
export const logAdapters: readonly LogAdapter[] = [
  inMemory,
  embedded,
  ...(process.env.TEST_EVENTSTORE_URL === undefined ? [] : [real(process.env.TEST_EVENTSTORE_URL)]),
]
