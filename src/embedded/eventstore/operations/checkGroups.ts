import type { Transaction } from 'lmdb'
import type { LogDatabase } from '../log/database.js'
import { eventKey, positionKey } from '../log/keys.js'
import type { LogGroup } from '../log/logGroup.js'
import { TOMBSTONE_REVISION } from '../log/record.js'
import { checkName, placeOf, type Report } from './checkRecord.js'

/** Holds what only the journal has against the data file, which it must continue: the log as a whole, and every stream. */
export function checkGroups(
  database: LogDatabase,
  transaction: Transaction,
  groups: readonly LogGroup[],
  report: Report,
): { events: number; streams: number } {
  let events = 0
  let streams = 0
  let position = lastPosition(database, transaction)
  const lastRevisions = new Map<number, number>()
  for (const group of groups) {
    if (group.records.length > 0 && group.position !== position + 1) {
      report(`Group ${group.sequence} of the journal begins at position ${group.position} instead of ${position + 1}.`)
    }
    position = group.position - 1
    for (const record of group.records) {
      events++
      position++
      const place = placeOf(record, position, report)
      if (!place) continue
      const { streamId, revision, name } = place
      const last = lastRevisions.get(streamId) ?? lastRevision(database, transaction, streamId)
      if (last === -1) streams++
      else if (!lastRevisions.has(streamId)) checkName(database, transaction, place, report)
      if (revision !== last + 1 && revision !== TOMBSTONE_REVISION) {
        report(`Event ${revision} of stream ${name}, at position ${position}, comes after event ${last}.`)
      }
      lastRevisions.set(streamId, revision)
    }
  }
  return { events, streams }
}

function lastPosition({ log }: LogDatabase, transaction: Transaction): number {
  const start = positionKey(0xffffffffffff)
  for (const key of log.getKeys({ start, reverse: true, limit: 1, transaction })) return key.readUIntBE(0, 6)
  return 0
}

function lastRevision({ index }: LogDatabase, transaction: Transaction, streamId: number): number {
  const range = { start: eventKey(streamId, TOMBSTONE_REVISION), end: eventKey(streamId - 1, TOMBSTONE_REVISION) }
  for (const key of index.getKeys({ ...range, reverse: true, limit: 1, transaction })) return key.readUIntBE(4, 6)
  return -1
}
