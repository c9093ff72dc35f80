import { setTimeout as pause } from 'node:timers/promises'
import type { Transaction } from 'lmdb'
import { EventStoreError } from '../errors.js'
import { type LogDatabase, putFormat } from './database.js'
import { type Journal, openJournal } from './journal.js'
import { createJournalFile, journalPath, readJournalFile } from './journalFile.js'
import type { BrokenFrame } from './journalFrame.js'
import type { LogGroup } from './logGroup.js'
import { putJournalId, putSettled, readMark, type SettledMark } from './settledMark.js'
import { putAddition } from './writeTables.js'

/** How often a moment is looked for, and how long, in ms, it takes until the next try. */
const ATTEMPTS = 10
const PAUSE = 20

/** What the journal adds to the data file. */
interface UnsettledGroups {
  /** By number. */
  readonly groups: readonly LogGroup[]
  /** The frame behind the last of them, where it is not whole and was left out. */
  readonly cut: BrokenFrame | undefined
}

/**
 * What is in the journal and not in the data file.
 *
 * One group is written at a time, and answered before the next: so all but the last must be whole. If the last is not, its
 * write was cut off, and nobody was told of it, or the disk has damaged it since. Nothing in the file tells which.
 * @throws EventStoreError `torn-data` or `foreign-data` when the journal is not the one that continues the data file.
 */
export function readUnsettled(directory: string, { journalId, settled }: SettledMark): UnsettledGroups {
  if (!journalId) return { groups: [], cut: undefined }
  const frames = readJournalFile(directory, journalId)
  const groups = frames.groups.filter(({ sequence }) => sequence > settled)
  for (const [index, { sequence }] of groups.entries()) {
    if (sequence === settled + 1 + index) continue
    throw new EventStoreError(
      'torn-data',
      `${journalPath(directory)} is torn: it has group ${sequence}, but not group ${settled + 1 + index}. Restore the store from a backup.`,
    )
  }
  const last = groups.at(-1)?.sequence ?? settled
  return { groups, cut: frames.broken.find(({ sequence }) => sequence > last) }
}

/** Says in one sentence or two where the journal ends, and what that may mean. */
export function describeCut(directory: string, { at, size, sequence }: BrokenFrame): string {
  return (
    `${journalPath(directory)} ends in a frame that is not whole, which is left out: group ${sequence}, ${size} bytes from byte ${at} on. ` +
    'If its write was cut off, nobody was told of it; if the disk has damaged it since, its events are lost.'
  )
}

/**
 * A moment of the data file, and what the journal adds to it, also while a server writes both. Whatever was answered before
 * the call is in one of them. The transaction must be ended.
 * @throws EventStoreError as `readUnsettled`.
 */
export async function readMoment(
  directory: string,
  database: LogDatabase,
): Promise<UnsettledGroups & { transaction: Transaction }> {
  for (let attempt = 1; ; attempt++) {
    const transaction = database.root.useReadTransaction()
    try {
      const unsettled = readUnsettled(directory, readMark(database, transaction))
      if (!unsettled.cut || attempt === ATTEMPTS) return { ...unsettled, transaction }
      transaction.done()
    } catch (error) {
      transaction.done()
      if (attempt === ATTEMPTS) throw error
    }
    // What looks torn may have been settled and written over since the moment, and what looks cut may be being written.
    await pause(PAUSE)
  }
}

/**
 * Brings what is only in the journal into the data file, and opens the journal empty; a store without one gets one. Warns when
 * the journal's last frame is not whole.
 */
export function recoverJournal(directory: string, database: LogDatabase): Journal | undefined {
  const mark = readMark(database)
  if (!mark.journalId) return makeJournal(directory, database)
  const { groups, cut } = readUnsettled(directory, mark)
  if (cut) process.emitWarning(describeCut(directory, cut))
  settleGroups(database, groups)
  return openJournal(directory, mark.journalId)
}

/**
 * Puts groups that follow the data file into it, in one transaction that is on disk when this returns.
 * @throws EventStoreError `commit-failed`, and nothing is changed.
 */
export function settleGroups(database: LogDatabase, groups: readonly LogGroup[]): void {
  const last = groups.at(-1)
  if (!last) return
  try {
    database.root.transactionSync(() => {
      for (const group of groups) putAddition(database, group)
      putSettled(database, last.sequence)
    })
  } catch (error) {
    const message = 'What is in the journal could not be written to the data file. Is there room on the disk?'
    throw new EventStoreError('commit-failed', message, { cause: error })
  }
}

/** A journal that no data file names, left over beside one that was restored, is nobody's and is replaced. */
function makeJournal(directory: string, database: LogDatabase): Journal | undefined {
  let id: Buffer
  try {
    id = createJournalFile(directory)
  } catch (error) {
    process.emitWarning(`No journal in ${directory}, so single appends take two flushes of the disk: ${error}`)
    return undefined
  }
  database.root.transactionSync(() => {
    putFormat(database.meta)
    putJournalId(database, id)
  })
  return openJournal(directory, id)
}
