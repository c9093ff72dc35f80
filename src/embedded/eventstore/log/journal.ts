import { closeSync, constants, fdatasync, fdatasyncSync, openSync, write, writeSync } from 'node:fs'
import { promisify } from 'node:util'
import { createDiskPace } from './diskPace.js'
import { HALF_SIZE, journalPath, startOfHalf } from './journalFile.js'
import { blocksOf, encodeFrame, frameSize } from './journalFrame.js'
import type { LogGroup } from './logGroup.js'

/** Where `O_DSYNC` makes a write durable by itself. Elsewhere it may end before the disk's cache is flushed. */
const SYNCED_WRITES = process.platform === 'linux'

/** A disk that takes longer for a write, in ms, is waited for on another thread. */
const QUICK = 0.5

/** The journal while it is written: one flush of the disk for a group. */
export interface Journal {
  /** Bytes of the half in use that are taken. */
  readonly used: number
  hasRoomFor(group: LogGroup): boolean
  /** Resolves when the group is on disk. One at a time, and only when there is room. */
  append(group: LogGroup): Promise<void>
  /** Goes on at the beginning of the other half. Its groups must be settled. */
  switchHalf(): void
  /** Goes on at the beginning of this half. All groups must be settled. */
  rewind(): void
  close(): void
}

export function openJournal(directory: string, id: Buffer, quick = QUICK): Journal {
  const file = openSync(journalPath(directory), constants.O_RDWR | (SYNCED_WRITES ? constants.O_DSYNC : 0))
  let buffer = Buffer.alloc(64 * 1024)
  let half = 0
  let used = 0
  const pace = createDiskPace(quick)

  const writeHere = (size: number, position: number) => {
    const from = performance.now()
    for (let done = 0; done < size; ) done += writeSync(file, buffer, done, size - done, position + done)
    if (!SYNCED_WRITES) fdatasyncSync(file)
    pace.note(performance.now() - from)
  }

  const writeElsewhere = async (size: number, position: number) => {
    for (let done = 0; done < size; ) done += await writeSome(file, buffer, done, size - done, position + done)
    if (!SYNCED_WRITES) await promisify(fdatasync)(file)
  }

  return {
    get used() {
      return used
    },
    hasRoomFor: (group) => used + blocksOf(frameSize(group)) <= HALF_SIZE,
    async append(group) {
      const size = blocksOf(frameSize(group))
      if (buffer.length < size) buffer = Buffer.alloc(size)
      encodeFrame(group, id, buffer)
      const position = startOfHalf(half) + used
      if (pace.next() === 'here') writeHere(size, position)
      else await writeElsewhere(size, position)
      used += size
    },
    switchHalf() {
      half = 1 - half
      used = 0
    },
    rewind() {
      used = 0
    },
    close: () => closeSync(file),
  }
}

function writeSome(file: number, buffer: Buffer, offset: number, length: number, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    write(file, buffer, offset, length, position, (error, written) => (error ? reject(error) : resolve(written)))
  })
}
