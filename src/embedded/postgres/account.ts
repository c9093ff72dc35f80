import { execFile } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { promisify } from 'node:util'
import { systemErrorCode } from '../dataDirectory/errors.js'
import { EmbeddedPostgresError } from './errors.js'

/** The user that the server runs as, where that is not the user of this process. */
export interface Account {
  readonly uid: number
  readonly gid: number
}

const OWN = 'flowledger-postgres'

export const runsAsRoot = (): boolean => process.getuid?.() === 0

/** PostgreSQL refuses to run as root. An existing cluster keeps its owner; else our own user, the usual one, or a new one. */
export const findAccount = async (dataFolder: string): Promise<Account> => {
  const account = (await ownerOf(dataFolder)) ?? (await lookUp(OWN)) ?? (await lookUp('postgres')) ?? (await create())
  if (account !== undefined) return account
  throw new EmbeddedPostgresError(
    'postgres_no_account',
    `PostgreSQL does not run as root, and the user ${OWN} could not be created. Create it (useradd --system ${OWN}), or run as an ordinary user.`,
  )
}

const ownerOf = async (folder: string): Promise<Account | undefined> => {
  try {
    const { uid, gid } = await stat(folder)
    return uid === 0 ? undefined : { uid, gid }
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

const run = promisify(execFile)

const lookUp = async (name: string): Promise<Account | undefined> => {
  try {
    const [uid, gid] = await Promise.all(
      ['-u', '-g'].map(async (flag) => Number((await run('id', [flag, name])).stdout)),
    )
    return uid !== undefined && gid !== undefined && uid > 0 ? { uid, gid } : undefined
  } catch {
    // `id` has no other way to say that there is no such user.
    return undefined
  }
}

const create = async (): Promise<Account | undefined> => {
  try {
    await run('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', OWN])
  } catch {
    // Not there or not permitted: the caller says what to do, in one line.
    return undefined
  }
  return await lookUp(OWN)
}
