import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { reachableFolder, releaseReachableFolder } from '../dataDirectory/shortPath.js'
import { supervise } from './supervise.js'
import { startThread } from './thread.js'

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
  const supervised = await supervise(async () => {
    // The socket of a killed run: nobody else can own it, since the directory has one owner.
    await rm(socketPath, { force: true })
    return await startThread({ directory, socketPath }, log)
  }, log)
  return {
    connectionString: `mongodb://${encodeURIComponent(socketPath)}/${DATABASE}`,
    stop: async () => {
      await supervised.stop()
      await rm(socketPath, { force: true })
      await releaseReachableFolder(directory, folder)
    },
  }
}
