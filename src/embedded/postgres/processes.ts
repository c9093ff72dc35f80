import { execFile } from 'node:child_process'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { systemErrorCode } from '../dataDirectory/errors.js'

/**
 * The processes that have `folder` as their working directory: a PostgreSQL server stays in its data folder, and so do its
 * backends. This answers for what lives now; process ids in files may have been given to somebody else since.
 */
export const processesIn = async (folder: string): Promise<number[]> =>
  process.platform === 'linux' ? await byWorkingDirectory(folder) : await byPidFile(folder)

const byWorkingDirectory = async (folder: string): Promise<number[]> => {
  const found: number[] = []
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue
    try {
      if ((await readlink(join('/proc', name, 'cwd'))) === folder) found.push(Number(name))
    } catch (error) {
      // Ended meanwhile, or of another user (who can't be in our private folder).
      if (!['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes(systemErrorCode(error) ?? '')) throw error
    }
  }
  return found
}

const byPidFile = async (folder: string): Promise<number[]> => {
  const pid = await postmasterPid(folder)
  if (pid === undefined) return []
  try {
    const { stdout } = await promisify(execFile)('ps', ['-p', String(pid), '-o', 'command='])
    return stdout.includes('postgres') && stdout.includes(folder) ? [pid] : []
  } catch {
    // `ps` fails when there is no such process.
    return []
  }
}

/** The first line of `postmaster.pid`. */
export const postmasterPid = async (folder: string): Promise<number | undefined> => {
  const pid = Number((await postmasterLines(folder))[0])
  return Number.isSafeInteger(pid) && pid > 1 ? pid : undefined
}

/** `postmaster.pid`, line by line: pid, data folder, start time, port, socket folder, address, shared memory, status. */
export const postmasterLines = async (folder: string): Promise<string[]> => {
  try {
    return (await readFile(join(folder, 'postmaster.pid'), 'utf8')).split('\n')
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return []
    throw error
  }
}
