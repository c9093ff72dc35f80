import { parentPort, workerData } from 'node:worker_threads'
import { EventStoreError } from './errors.js'
import type { ServerSettings } from './options.js'
import { runServer } from './server.js'

/** What the thread says to the one that started it. */
export type WorkerMessage =
  | { readonly kind: 'started'; readonly port: number }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
  | { readonly kind: 'stopped' }

const port = parentPort
if (!port) throw new Error('This file runs in a worker thread.')
const tell = (message: WorkerMessage) => port.postMessage(message)

try {
  const server = await runServer(workerData as ServerSettings)
  port.once('message', () => {
    void server.stop().finally(() => {
      tell({ kind: 'stopped' })
      port.close()
    })
  })
  tell({ kind: 'started', port: server.port })
} catch (error) {
  const code = error instanceof EventStoreError ? error.code : 'start-failed'
  tell({ kind: 'failed', code, message: error instanceof Error ? error.message : String(error) })
}
