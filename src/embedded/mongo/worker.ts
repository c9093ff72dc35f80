import { parentPort, workerData } from 'node:worker_threads'
import { serveMongo } from './server.js'

/** What the thread is started with, and what the two sides tell each other. */
export interface WorkerInput {
  readonly directory: string
  readonly socketPath: string
}

export type FromWorker = { readonly kind: 'ready' } | { readonly kind: 'log'; readonly line: string }

const port = parentPort
if (port === null) throw new Error('this module runs in a worker thread')
const tell = (message: FromWorker): void => port.postMessage(message)

const { directory, socketPath } = workerData as WorkerInput
const server = await serveMongo(directory, socketPath, (line) => tell({ kind: 'log', line }))
port.once('message', async () => {
  await server.close()
  port.close()
})
tell({ kind: 'ready' })
