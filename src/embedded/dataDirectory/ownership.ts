import { randomBytes } from 'node:crypto'
import { readdir, rename, rm } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { DataDirectoryError, systemErrorCode } from './errors.js'
import { withShortPath } from './shortPath.js'

/**
 * Single ownership by a listening Unix socket inside the directory. The kernel answers whether its owner lives: a connect
 * to the socket of a dead process is refused. So a stale lock never blocks, a reused pid never deceives, and it holds
 * across containers that share the directory, where process ids mean nothing.
 *
 * Every contender first shows its own, uniquely named, already listening socket and only then looks for others. Whoever
 * sees another live one withdraws. Two at once may both withdraw (they try again), but never both stay.
 */
export interface Ownership {
  release(): Promise<void>
}

const OWNER = /^owner-(\d+)-[0-9a-f]{16}\.sock$/
const ATTEMPTS = 3

export const takeOwnership = async (directory: string): Promise<Ownership> => {
  for (let attempt = 1; ; attempt++) {
    const name = `owner-${process.pid}-${randomBytes(8).toString('hex')}.sock`
    const server = await announce(directory, name)
    const release = async (): Promise<void> => {
      await rm(join(directory, name), { force: true })
      await new Promise<void>((resolve) => server.close(() => resolve()))
    }
    let rival: string | undefined
    try {
      rival = await findRival(directory, name)
    } catch (error) {
      await release()
      throw error
    }
    if (rival === undefined) return { release }
    await release()
    if (attempt === ATTEMPTS) {
      throw new DataDirectoryError(
        'data_directory_in_use',
        `The data directory ${directory} is already in use by process ${rival}. Stop that process, or set DATA_DIR to another directory.`,
      )
    }
    await sleep(20 + Math.random() * 60)
  }
}

/** The name appears by rename, when the socket already listens: a refused connect proves that its owner is dead. */
const announce = async (directory: string, name: string): Promise<Server> => {
  const server = createServer((socket) => socket.destroy())
  const hidden = `${name}.new`
  await withShortPath(directory, hidden, async (path) => {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(path, resolve)
    })
    server.unref()
  })
  try {
    await rename(join(directory, hidden), join(directory, name))
  } catch (error) {
    server.close()
    throw error
  }
  return server
}

const findRival = async (directory: string, own: string): Promise<string | undefined> => {
  for (const name of await readdir(directory)) {
    const pid = OWNER.exec(name)?.[1]
    if (pid === undefined || name === own) continue
    if (await isListening(directory, name)) return pid
    await rm(join(directory, name), { force: true })
  }
  return undefined
}

const isListening = (directory: string, name: string): Promise<boolean> =>
  withShortPath(
    directory,
    name,
    (path) =>
      new Promise<boolean>((resolve, reject) => {
        const socket = connect(path)
        socket.once('connect', () => {
          socket.destroy()
          resolve(true)
        })
        socket.once('error', (error) => {
          const code = systemErrorCode(error)
          if (code === 'ECONNREFUSED' || code === 'ENOENT') resolve(false)
          // A full backlog belongs to a live process that is too busy (or suspended) to accept.
          else if (code === 'EAGAIN') resolve(true)
          else reject(error)
        })
      }),
  )
