import { createHash } from 'node:crypto'
import { chmod, lstat, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { DataDirectoryError, systemErrorCode } from './errors.js'

/** What fits into `sockaddr_un.sun_path` without its closing zero: 107 bytes on Linux, 103 on macOS and the BSDs. */
const MAX_SOCKET_PATH_BYTES = process.platform === 'linux' ? 107 : 103

const fitsSocketPath = (path: string): boolean => Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES

/** Runs `use` with a path to `name` in `directory` that fits a socket address, if need be through a short-lived link. */
export const withShortPath = async <T>(
  directory: string,
  name: string,
  use: (path: string) => Promise<T>,
): Promise<T> => {
  const path = join(directory, name)
  if (fitsSocketPath(path)) return await use(path)
  const link = await mkdtemp(join(shortTemporaryFolder(), 'fl-'))
  try {
    await symlink(directory, join(link, 'd'))
    return await use(join(link, 'd', name))
  } finally {
    await rm(link, { recursive: true, force: true })
  }
}

/**
 * A path to `directory` under which the socket `name` fits a socket address: `directory` itself, or where that is too long, a
 * link to it in a private folder under the system's temporary one, the same at every start.
 */
export const reachableFolder = async (directory: string, name: string): Promise<string> => {
  if (fitsSocketPath(join(directory, name))) return directory
  const key = createHash('sha256').update(directory).digest('hex').slice(0, 20)
  const folder = join(shortTemporaryFolder(), `flowledger-${key}`)
  await makePrivateFolder(folder)
  const link = join(folder, 'd')
  await rm(link, { force: true })
  await symlink(directory, link)
  return link
}

/** Removes what `reachableFolder` made for `directory`, if it made anything. */
export const releaseReachableFolder = async (directory: string, reachable: string): Promise<void> => {
  if (reachable !== directory) await rm(dirname(reachable), { recursive: true, force: true })
}

/** Creates `folder` with mode 0700. One that exists must be a real folder of this user, since others may write beside it. */
const makePrivateFolder = async (folder: string): Promise<void> => {
  try {
    await mkdir(folder, { mode: 0o700 })
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw error
  }
  const found = await lstat(folder)
  if (!found.isDirectory() || (process.getuid !== undefined && found.uid !== process.getuid())) {
    throw new DataDirectoryError('data_directory_unusable', `${folder} belongs to somebody else. Remove it.`)
  }
  await chmod(folder, 0o700)
}

const shortTemporaryFolder = (): string => {
  const folder = tmpdir()
  return Buffer.byteLength(folder) <= 40 ? folder : '/tmp'
}
