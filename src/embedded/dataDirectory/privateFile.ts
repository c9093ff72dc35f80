import { randomBytes } from 'node:crypto'
import { link, lstat, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DataDirectoryError, systemErrorCode } from './errors.js'

/**
 * The content of the file `name` in `directory`; where there is none, that of `create()`, which is on disk (file and
 * folder entry synced) under its final name, mode 0600, before this returns. The name appears whole or not at all.
 */
export const readOrCreatePrivateFile = async (
  directory: string,
  name: string,
  create: () => string,
): Promise<string> => {
  const path = join(directory, name)
  const found = await readPrivateFile(path)
  if (found !== undefined) return found
  const temporary = join(directory, `.${name}.${randomBytes(6).toString('hex')}`)
  try {
    const file = await open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(create())
      await file.sync()
    } finally {
      await file.close()
    }
    // link, unlike rename, never replaces what somebody else wrote in the meantime.
    await link(temporary, path).catch((error: unknown) => {
      if (systemErrorCode(error) !== 'EEXIST') throw error
    })
  } finally {
    await rm(temporary, { force: true })
  }
  await syncFolder(directory)
  return await readFile(path, 'utf8')
}

/** The content of a private file; undefined where there is none. */
export const readPrivateFile = async (path: string): Promise<string | undefined> => {
  try {
    const found = await lstat(path)
    if (!found.isFile()) throw new DataDirectoryError('data_directory_file_invalid', `${path} is not a regular file.`)
    if (process.platform !== 'win32' && (found.mode & 0o077) !== 0) {
      throw new DataDirectoryError(
        'data_directory_file_invalid',
        `Other users can read ${path}. Replace what it holds, and make it private: chmod 600 ${path}`,
      )
    }
    const text = await readFile(path, 'utf8')
    if (text === '') throw new DataDirectoryError('data_directory_file_invalid', `${path} is empty.`)
    return text
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

/** Makes a new or renamed entry of `directory` durable. */
export const syncFolder = async (directory: string): Promise<void> => {
  const folder = await open(directory, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
