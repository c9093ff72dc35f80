import { randomUUID } from 'node:crypto'
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { EventStoreError } from '../errors.js'
import { makeDirectory } from '../log/makeDirectory.js'

const ATTEMPTS = 20

interface DirectoryLock {
  release(): void
}

/**
 * Makes this process the only one on a directory. A lock names its owner by process id and start time, so that the lock
 * of a process that was killed does not outlive it, even when its id is used again.
 * @throws EventStoreError `directory-in-use`.
 */
export function lockDirectory(directory: string): DirectoryLock {
  makeDirectory(directory)
  const path = join(directory, 'owner.lock')
  const mine = JSON.stringify({ pid: process.pid, started: startOf(process.pid), id: randomUUID() })
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (create(path, mine)) return { release: () => release(path, mine) }
    const owner = read(path)
    if (owner === undefined) continue
    if (isAlive(owner)) {
      const pid = parse(owner)?.pid
      const whose = pid === process.pid ? `process ${pid}, which is this one` : `process ${pid}`
      throw new EventStoreError(
        'directory-in-use',
        `${directory} is in use by ${whose}. An event store has one owner at a time.`,
      )
    }
    takeAway(path, owner)
  }
  throw new EventStoreError('directory-in-use', `Other processes are starting on ${directory}.`)
}

function create(path: string, content: string): boolean {
  try {
    writeFileSync(path, content, { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Removes a dead owner's lock. Moving it first shows whether somebody else was faster and it is a new one by now. */
function takeAway(path: string, dead: string): void {
  const aside = `${path}.${randomUUID()}`
  try {
    renameSync(path, aside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  try {
    if (read(aside) !== dead) linkSync(aside, path)
  } finally {
    rmSync(aside, { force: true })
  }
}

function release(path: string, mine: string): void {
  if (read(path) === mine) rmSync(path, { force: true })
}

interface Owner {
  readonly pid: number
  readonly started: string
}

function parse(content: string): Owner | undefined {
  try {
    const value: unknown = JSON.parse(content)
    if (typeof value !== 'object' || value === null) return undefined
    const { pid, started } = value as Partial<Owner>
    return typeof pid === 'number' && typeof started === 'string' ? { pid, started } : undefined
  } catch {
    return undefined
  }
}

function isAlive(content: string): boolean {
  const owner = parse(content)
  // A lock that was not written to its end has no living owner: it is written in one go.
  if (!owner) return false
  try {
    process.kill(owner.pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  return startOf(owner.pid) === owner.started
}

/** When a process started, where the system tells; else nothing, and the process id alone decides. */
function startOf(pid: number): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name of the program, in parentheses, may hold spaces.
    return `${boot}/${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`
  } catch {
    return ''
  }
}
