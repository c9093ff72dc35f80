import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, fdatasyncSync, fsyncSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { EventStoreError } from '../errors.js'
import { BLOCK, type Frames, readFrames } from './journalFrame.js'

/** The file is one block that says what it is, and two halves that are used in turn. */
export const HALF_SIZE = 4 * 1024 * 1024

const FILE_SIZE = BLOCK + 2 * HALF_SIZE
const TITLE = Buffer.from('embedded-eventstore journal/1\n')
const ID_SIZE = 16

export const journalPath = (directory: string): string => join(directory, 'journal')
export const startOfHalf = (half: number): number => BLOCK + half * HALF_SIZE

/**
 * Makes an empty journal in place of any other and returns its id, when it is on disk. It has all of its length, as zeros
 * that are written, so that later writes change nothing but bytes.
 */
export function createJournalFile(directory: string): Buffer {
  const path = journalPath(directory)
  const id = randomBytes(ID_SIZE)
  const file = openSync(path, 'w', 0o600)
  try {
    const bytes = Buffer.alloc(FILE_SIZE)
    TITLE.copy(bytes)
    id.copy(bytes, TITLE.length)
    for (let written = 0; written < FILE_SIZE; ) written += writeSync(file, bytes, written, undefined, written)
    fdatasyncSync(file)
  } catch (error) {
    rmSync(path, { force: true })
    throw error
  } finally {
    closeSync(file)
  }
  syncDirectory(directory)
  return id
}

/**
 * What the journal with this id holds: its groups by number, and what is not whole by its place in the file.
 * @throws EventStoreError `torn-data` when it is missing or cut, `foreign-data` when it is that of another store.
 */
export function readJournalFile(directory: string, id: Buffer): Frames {
  const path = journalPath(directory)
  if (!existsSync(path)) {
    throw new EventStoreError('torn-data', `${path} is missing. It may hold events: restore it or the whole store.`)
  }
  const bytes = readFileSync(path)
  const isJournal = bytes.subarray(0, TITLE.length).equals(TITLE)
  if (isJournal && !bytes.subarray(TITLE.length, TITLE.length + ID_SIZE).equals(id)) {
    throw new EventStoreError(
      'foreign-data',
      `${path} is the journal of another store. Put back the one of this store.`,
    )
  }
  if (!isJournal || bytes.length !== FILE_SIZE) {
    throw new EventStoreError('torn-data', `${path} is torn. Restore the store from a backup.`)
  }
  const halves = [0, 1].map((half) => bytes.subarray(startOfHalf(half), startOfHalf(half + 1)))
  const frames = halves.map((half) => readFrames(half, id))
  return {
    groups: frames.flatMap(({ groups }) => groups).sort((a, b) => a.sequence - b.sequence),
    broken: frames.flatMap(({ broken }, half) => broken.map((each) => ({ ...each, at: startOfHalf(half) + each.at }))),
  }
}

/** A file whose name is not on disk is lost with the power, whatever it holds. Windows can't sync a directory, nor needs to. */
function syncDirectory(directory: string): void {
  if (process.platform === 'win32') return
  const file = openSync(directory, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
