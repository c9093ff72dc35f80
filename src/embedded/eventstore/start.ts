import type { Worker } from 'node:worker_threads'
import { EventStoreError, type EventStoreErrorCode } from './errors.js'
import { lockDirectory } from './operations/directoryLock.js'
import { connectionStringOf, type EmbeddedEventStoreOptions } from './options.js'
import { settingsFor } from './settings.js'
import { startWorker } from './startWorker.js'
import type { WorkerMessage } from './worker.js'

/** A running server. Disposing of it, as `await using` does, stops it. */
export interface EmbeddedEventStore extends AsyncDisposable {
  /** For `EventStoreDBClient.connectionString`; holds the access key. */
  readonly connectionString: string
  readonly port: number
  readonly accessKey: string
  /** Ends calls and subscriptions, waits for what is being written, and gives the directory back. */
  stop(): Promise<void>
  /** Resolves when the server has ended, with the error when it was not asked to. */
  readonly ended: Promise<EventStoreError | undefined>
}

/**
 * Starts an EventStoreDB of one node in a worker thread of this process.
 * @throws EventStoreError when an option can't be, the directory is in use or holds something else, or the port is taken.
 */
export async function startEmbeddedEventStore(options: EmbeddedEventStoreOptions): Promise<EmbeddedEventStore> {
  const settings = settingsFor(options)
  const lock = lockDirectory(settings.directory)
  let worker: Worker
  try {
    worker = startWorker(settings)
  } catch (error) {
    lock.release()
    throw new EventStoreError('start-failed', `The thread can't be started: ${(error as Error).message}`, {
      cause: error,
    })
  }
  const ended = new Promise<EventStoreError | undefined>((settle) => {
    let failure: EventStoreError | undefined
    worker.once('error', (error) => {
      failure = new EventStoreError('closed', `The event store has failed: ${error.message}`, { cause: error })
    })
    worker.once('exit', () => {
      lock.release()
      settle(failure)
    })
  })
  const port = await started(worker, ended)
  let stopping: Promise<void> | undefined
  const stop = () => {
    stopping ??= (async () => {
      worker.postMessage('stop')
      await ended
    })()
    return stopping
  }
  return {
    connectionString: connectionStringOf(settings, port),
    port,
    accessKey: settings.accessKey,
    ended,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

async function started(worker: Worker, ended: Promise<EventStoreError | undefined>): Promise<number> {
  const message = await Promise.race([
    new Promise<WorkerMessage>((settle) => worker.once('message', settle)),
    ended.then(
      (failure): WorkerMessage => ({
        kind: 'failed',
        code: 'start-failed',
        message: failure?.message ?? 'The thread ended.',
      }),
    ),
  ])
  if (message.kind === 'started') return message.port
  await worker.terminate()
  await ended
  if (message.kind === 'failed') throw new EventStoreError(message.code as EventStoreErrorCode, message.message)
  throw new EventStoreError('start-failed', 'The event store ended while it started.')
}
