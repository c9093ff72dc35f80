import type { Transaction } from 'lmdb'
import type { LogDatabase } from '../log/database.js'
import { nameKey } from '../log/keys.js'
import { isIntact, revisionOf, streamIdOf, streamNameOf } from '../log/record.js'

/** Takes one problem, as a sentence. */
export type Report = (problem: string) => void

interface RecordPlace {
  readonly streamId: number
  readonly revision: number
  readonly name: string
}

/** Where a record says that it belongs; undefined, and reported, when it is damaged. */
export function placeOf(record: Buffer, position: number, report: Report): RecordPlace | undefined {
  if (isIntact(record))
    return { streamId: streamIdOf(record), revision: revisionOf(record), name: streamNameOf(record) }
  report(`The event at position ${position} is damaged.`)
  return undefined
}

/** Reports a stream whose name does not lead to its number. */
export function checkName(
  { names }: LogDatabase,
  transaction: Transaction,
  { name, streamId }: RecordPlace,
  report: Report,
): void {
  if (names.get(nameKey(name), { transaction })?.readUInt32BE(0) !== streamId) {
    report(`Stream ${name} is not known by its name.`)
  }
}
