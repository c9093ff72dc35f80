import { parentPort, workerData } from 'node:worker_threads'
import { EventStoreDBClient } from '@eventstore/db-client'
import { disposeEventStoreDbClient } from '../../src/eventlog/eventStoreDb/client.js'
import type { ClientTask } from './clientThreads.js'
import { appendFor } from './workload.js'

const { connectionString, writers, milliseconds } = workerData as ClientTask
const client = EventStoreDBClient.connectionString(connectionString)
await appendFor(client, writers, 1, 1_500)
const rate = await appendFor(client, writers, 1, milliseconds)
await disposeEventStoreDbClient(client)
parentPort?.postMessage(rate)
