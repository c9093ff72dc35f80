import { open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/** What a file holds, without white space around it; undefined where there is none. */
export const readKeyFile = async (file: string): Promise<string | undefined> => {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Renames so that it is on disk when this returns. */
export const renameKeyFile = async (from: string, to: string): Promise<void> => {
  await rename(from, to)
  await syncFolder(dirname(to))
}

/** Writes a file that only this user can read; it appears whole or not at all, and is on disk when this returns. */
export const writeKeyFile = async (file: string, key: string): Promise<void> => {
  const temporary = `${file}.new`
  // What a killed process has left there was not taken up by anybody.
  await rm(temporary, { force: true })
  const handle = await open(temporary, 'wx', 0o600)
  try {
    await handle.writeFile(key)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await renameKeyFile(temporary, file)
}
