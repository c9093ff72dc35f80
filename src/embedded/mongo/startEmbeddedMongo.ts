import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { reachableFolder, releaseReachableFolder } from '../dataDirectory/shortPath.js'
import { startThread, type Thread } from './thread.js'

export interface EmbeddedMongoOptions {
  /** A private folder (0700) that this process owns alone. */
  readonly directory: string
  /** Takes one line about what an operator should know. */
  readonly log?: (line: string) => void
}

export interface EmbeddedMongo {
  readonly connectionString: string
  stop(): Promise<void>
}

const SOCKET_NAME = 'mongo.sock'
const DATABASE = 'flowledger'

/**
 * Serves the MongoDB wire protocol (see README.md for how much of it) on a Unix socket in `directory`, from a thread of its own. What
 * is acknowledged is on disk. Should the thread die, it is started again: clients reconnect by themselves.
 */
export const startEmbeddedMongo = async (options: EmbeddedMongoOptions): Promise<EmbeddedMongo> => {
  const { directory, log = () => undefined } = options
  const folder = await reachableFolder(directory, SOCKET_NAME)
  const socketPath = join(folder, SOCKET_NAME)
  let stopping = false
  let thread: Thread

  const start = async (): Promise<Thread> => {
    // The socket of a killed run: nobody else can own it, since the directory has one owner.
    await rm(socketPath, { force: true })
    const started = await startThread({ directory, socketPath }, log)
    void started.ended.then(async (reason) => {
      if (stopping) return
      log(`The embedded MongoDB server ended (${reason}) and is started again.`)
      await restart()
    })
    return started
  }
  const restart = async (): Promise<void> => {
    for (let wait = 100; !stopping; wait = Math.min(wait * 2, 5_000)) {
      try {
        thread = await start()
        return
      } catch (error) {
        log(`The embedded MongoDB server could not be started again: ${String(error)}`)
        await sleep(wait)
      }
    }
  }

  thread = await start()
  return {
    connectionString: `mongodb://${encodeURIComponent(socketPath)}/${DATABASE}`,
    stop: async () => {
      stopping = true
      await thread.stop()
      await rm(socketPath, { force: true })
      await releaseReachableFolder(directory, folder)
    },
  }
}
