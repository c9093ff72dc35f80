import { access, chmod, constants, mkdir, readdir, realpath, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { DataDirectoryError, systemErrorCode } from './errors.js'
import { type Ownership, takeOwnership } from './ownership.js'
import { readOrCreatePrivateFile, readPrivateFile } from './privateFile.js'

/** The folder that holds everything of the embedded stores, owned by this process until `release()`. */
export interface DataDirectory {
  /** Absolute, without symbolic links. */
  readonly path: string
  /** Creates (0700) and returns a folder in it. */
  folder(name: string): Promise<string>
  /** The content of a 0600 file in it, made by `create` (atomically, synced) where it is missing. */
  readOrCreatePrivateFile(name: string, create: () => string): Promise<string>
  /** The content of a 0600 file in it; undefined where there is none. */
  readPrivateFile(name: string): Promise<string | undefined>
  release(): Promise<void>
}

const MARKER = 'flowledger-data'
/** What a freshly made file system or a crash before the marker was written may hold. */
const HARMLESS = /^(lost\+found|\.gitkeep|\.gitignore|owner-.*\.sock(\.new)?)$/

/**
 * Creates `path` if need be, makes it private (0700) and takes single ownership of it.
 *
 * @throws DataDirectoryError `data_directory_in_use` when another process owns it, `data_directory_unusable` when it can't be
 * created or written, `data_directory_foreign` when it holds other things or belongs to another user.
 */
export const openDataDirectory = async (path: string): Promise<DataDirectory> => {
  const wanted = resolve(path)
  try {
    await makePath(wanted)
    const directory = await realpath(wanted)
    await checkOwner(directory)
    await access(directory, constants.R_OK | constants.W_OK | constants.X_OK)
    await claim(directory)
    await chmod(directory, 0o700)
    return dataDirectory(directory, await takeOwnership(directory))
  } catch (error) {
    if (error instanceof DataDirectoryError) throw error
    throw new DataDirectoryError('data_directory_unusable', unusable(wanted, error), { cause: error })
  }
}

/** As mkdir -p. Node's own recursive mkdir never returns below a folder that lets nobody create anything, such as /proc. */
const makePath = async (path: string): Promise<void> => {
  try {
    await mkdir(path, { mode: 0o700 })
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return
    const parentExists = await stat(dirname(path)).then(
      () => true,
      () => false,
    )
    if (code !== 'ENOENT' || parentExists) throw error
    await makePath(dirname(path))
    await mkdir(path, { mode: 0o700 })
  }
}

const dataDirectory = (path: string, ownership: Ownership): DataDirectory => ({
  path,
  folder: async (name) => {
    const folder = join(path, name)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    return folder
  },
  readOrCreatePrivateFile: (name, create) => readOrCreatePrivateFile(path, name, create),
  readPrivateFile: (name) => readPrivateFile(join(path, name)),
  release: () => ownership.release(),
})

const checkOwner = async (directory: string): Promise<void> => {
  const { uid } = await stat(directory)
  const self = process.getuid?.()
  if (self === undefined || uid === self) return
  throw new DataDirectoryError(
    'data_directory_foreign',
    `The data directory ${directory} belongs to user ${uid}, and this process runs as user ${self}. Run it as that user, or set DATA_DIR to another directory.`,
  )
}

/** A folder that holds something else is left alone: making /home or /tmp private would break the machine. */
const claim = async (directory: string): Promise<void> => {
  const names = await readdir(directory)
  if (names.includes(MARKER)) return
  const strange = names.find((name) => !HARMLESS.test(name))
  if (strange !== undefined) {
    throw new DataDirectoryError(
      'data_directory_foreign',
      `The data directory ${directory} holds other files (${JSON.stringify(strange)}). Set DATA_DIR to an empty or a new directory.`,
    )
  }
  await writeFile(join(directory, MARKER), 'The data of Flowledger. Format 1.\n', { mode: 0o600 })
}

const unusable = (directory: string, error: unknown): string => {
  const code = systemErrorCode(error)
  const reason = code === undefined ? String(error).split('\n')[0] : (REASONS[code] ?? code)
  return `The data directory ${directory} can't be used: ${reason}. Set DATA_DIR to a directory that this user may write.`
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'its file system is read-only',
  ENOSPC: 'no space left on the device',
  EDQUOT: 'the disk quota is used up',
  ENOTDIR: 'a part of its path is a file',
  EEXIST: 'it is a file',
  ENOENT: 'its path can not be created',
  EOPNOTSUPP: 'its file system has no sockets',
  ENOTSUP: 'its file system has no sockets',
}
