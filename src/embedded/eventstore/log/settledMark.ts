import type { Transaction } from 'lmdb'
import type { LogDatabase } from './database.js'

const JOURNAL_KEY = Buffer.from('journal')
const SETTLED_KEY = Buffer.from('settled')

/** What the data file says of the journal beside it. */
export interface SettledMark {
  /** The id of the journal; undefined where none belongs to the file, as in a backup. */
  readonly journalId: Buffer | undefined
  /** Number of the last group that is in the data file. */
  readonly settled: number
}

export function readMark({ meta }: LogDatabase, transaction?: Transaction): SettledMark {
  const options = transaction ? { transaction } : undefined
  return {
    journalId: meta.get(JOURNAL_KEY, options),
    settled: Number(meta.get(SETTLED_KEY, options)?.toString() ?? 0),
  }
}

/** To be called within the transaction that settles, as the two below. */
export const putSettled = ({ meta }: LogDatabase, sequence: number): void =>
  void meta.put(SETTLED_KEY, Buffer.from(String(sequence)))

export const putJournalId = ({ meta }: LogDatabase, id: Buffer): void => void meta.put(JOURNAL_KEY, id)
export const removeJournalId = ({ meta }: LogDatabase): void => void meta.remove(JOURNAL_KEY)
