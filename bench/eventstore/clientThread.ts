import { parentPort, workerData } from 'node:worker_threads'
import { EventStoreDBClient } from '@eventstore/db-client'
import { disposeEventStoreDbClient } from '../../src/eventlog/eventStoreDb/client.js'
import type { ClientTask } from './clientThreads.js'
import { appendFor, readFor } from './workload.js'

const task = workerData as ClientTask
const client = EventStoreDBClient.connectionString(task.connectionString)
/** A part of the work first, so that the code is warm. */
const rates: number[] = []
for (const part of [0.5, 1]) {
  const rate =
    task.work === 'append'
      ? await appendFor(client, task.writers, 1, task.milliseconds * part)
      : await readFor(client, task.events * part)
  rates.push(rate)
}
await disposeEventStoreDbClient(client)
parentPort?.postMessage(rates.at(-1))
