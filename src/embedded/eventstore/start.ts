import { randomBytes } from 'node:crypto'
import { resolve } from 'node:path'
import type { Worker } from 'node:worker_threads'
import { EventStoreError, type EventStoreErrorCode } from './errors.js'
import { lockDirectory } from './operations/directoryLock.js'
import { connectionStringOf, type EmbeddedEventStoreOptions, type ServerSettings } from './options.js'
import { LINK_RULES } from './projections/linkRules.js'
import { startWorker } from './startWorker.js'
import type { WorkerMessage } from './worker.js'

export interface EmbeddedEventStore {
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
 * @throws EventStoreError when the directory is in use or holds something else, or the port is taken.
 */
export async function startEmbeddedEventStore(options: EmbeddedEventStoreOptions): Promise<EmbeddedEventStore> {
  const settings = withDefaults(options)
  if (settings.tls && !settings.users?.admin) {
    throw new EventStoreError('start-failed', 'A server with TLS asks for users: give the password of admin.')
  }
  const unknown = settings.systemProjections.find((name) => !LINK_RULES.has(name))
  if (unknown !== undefined) {
    const known = [...LINK_RULES.keys()].join(', ')
    throw new EventStoreError('start-failed', `There is no system projection ${unknown}, but ${known}.`)
  }
  const lock = lockDirectory(settings.directory)
  const worker = startWorker(settings)
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
  return {
    connectionString: connectionStringOf(settings, port),
    port,
    accessKey: settings.accessKey,
    ended,
    stop() {
      stopping ??= (async () => {
        worker.postMessage('stop')
        await ended
      })()
      return stopping
    },
  }
}

function withDefaults(options: EmbeddedEventStoreOptions): ServerSettings {
  return {
    port: 0,
    host: '127.0.0.1',
    maxAppendSize: 1024 * 1024,
    writeTimeout: 2_000,
    keepAlive: 10_000,
    mappedMemory: 64 * 1024 * 1024,
    systemProjections: [],
    ...options,
    accessKey: options.accessKey ?? (options.tls ? '' : randomBytes(24).toString('base64url')),
    directory: resolve(options.directory),
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
