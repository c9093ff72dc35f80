import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chown, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { reachableFolder } from '../dataDirectory/shortPath.js'
import { type Account, findAccount, runsAsRoot } from './account.js'
import { EmbeddedPostgresError } from './errors.js'
import { SOCKET_NAME } from './settings.js'

/** Where the cluster is, and how the server's user gets there. */
export interface Placement {
  /** Holds `data` (the cluster) and `server.log`. */
  readonly folder: string
  readonly account: Account | undefined
  /** Whether server programs enter their folder as working directory and call it `/proc/self/cwd`. */
  readonly enter: boolean
}

/**
 * Run by an ordinary user, everything lies in `directory`. Run by root, the server gets a user of its own, which can't pass the
 * private folders above: Linux lets a process enter a folder before it gives up root, and reach it as `/proc/self/cwd` from then on.
 * Where that does not exist, the cluster goes to `<stateFolder>/<hash>`; `<directory>/location` says so at every later start.
 */
export const placeCluster = async (
  directory: string,
  stateFolder: string,
  log: (line: string) => void,
  canEnter: boolean = existsSync('/proc/self/cwd'),
): Promise<Placement> => {
  if (!runsAsRoot()) return { folder: directory, account: undefined, enter: false }
  const pointer = join(directory, 'location')
  if (canEnter && !existsSync(pointer)) {
    return { folder: directory, account: await findAccount(join(directory, 'data')), enter: true }
  }
  const known = existsSync(pointer)
  const folder = known ? (await readFile(pointer, 'utf8')).trim() : defaultFolder(directory, stateFolder)
  if (known && !existsSync(folder)) {
    throw new EmbeddedPostgresError(
      'postgres_data_missing',
      `The PostgreSQL data of ${directory} was in ${folder}, which is not there. Bring it back, or remove ${pointer} to start with none.`,
    )
  }
  const account = await findAccount(join(folder, 'data'))
  await mkdir(folder, { recursive: true, mode: 0o755 })
  await chown(folder, account.uid, account.gid)
  if (!known) await writeFile(pointer, `${folder}\n`, { mode: 0o600 })
  log(`PostgreSQL does not run as root and its user can't reach ${directory}: its data is in ${folder}.`)
  return { folder, account, enter: false }
}

const defaultFolder = (directory: string, stateFolder: string): string =>
  join(stateFolder, createHash('sha256').update(directory).digest('hex').slice(0, 20))

/** What the server is told, what clients use, and the folder that is meant by both. */
export const dataFolderOf = async (
  placement: Placement,
): Promise<{ path: string; argument: string; socketArgument: string; clientFolder: string }> => {
  const path = join(placement.folder, 'data')
  const clientFolder = await reachableFolder(path, SOCKET_NAME)
  const argument = placement.enter ? '/proc/self/cwd' : path
  return { path, argument, clientFolder, socketArgument: placement.enter ? argument : clientFolder }
}
