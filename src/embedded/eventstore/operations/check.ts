import type { Transaction } from 'lmdb'
import { type LogDatabase, openDatabase } from '../log/database.js'
import { eventKey, positionKey } from '../log/keys.js'
import { TOMBSTONE_REVISION } from '../log/record.js'
import { describeCut, readMoment } from '../log/recovery.js'
import { checkGroups } from './checkGroups.js'
import { checkName, placeOf, type Report } from './checkRecord.js'

const PAGE = 2_000
const MOST_PROBLEMS = 100

interface CheckResult {
  readonly events: number
  readonly streams: number
  /** One sentence each; empty when all is well. At most 100. */
  readonly problems: readonly string[]
}

/**
 * Reads the whole store and holds every record, index entry and name against the others, and what only the journal has
 * against them. It may be in use meanwhile.
 */
export async function checkEventStore(directory: string): Promise<CheckResult> {
  const database = openDatabase(directory, { readOnly: true })
  const problems: string[] = []
  const report = (problem: string) => {
    if (problems.length < MOST_PROBLEMS) problems.push(problem)
  }
  try {
    const { transaction, groups, cut } = await readMoment(directory, database)
    try {
      const events = await checkLog(database, transaction, report)
      const streams = await checkIndex(database, transaction, report)
      const added = checkGroups(database, transaction, groups, report)
      if (cut) report(describeCut(directory, cut))
      return { events: events + added.events, streams: streams + added.streams, problems }
    } finally {
      transaction.done()
    }
  } finally {
    await database.close()
  }
}

async function checkLog(database: LogDatabase, transaction: Transaction, report: Report): Promise<number> {
  const { log, index } = database
  let count = 0
  for await (const { key, value } of walk(log, transaction)) {
    count++
    const position = key.readUIntBE(0, 6)
    const place = placeOf(value, position, report)
    if (!place) continue
    const { streamId, revision, name } = place
    const indexed = index.get(eventKey(streamId, revision), { transaction })?.readUIntBE(0, 6)
    if (indexed !== position)
      report(`Event ${revision} of stream ${name}, at position ${position}, is not in the index.`)
    checkName(database, transaction, place, report)
  }
  return count
}

async function checkIndex({ log, index }: LogDatabase, transaction: Transaction, report: Report): Promise<number> {
  let streams = 0
  let streamId = 0
  let expected = 0
  for await (const { key, value } of walk(index, transaction)) {
    const revision = key.readUIntBE(4, 6)
    if (key.readUInt32BE(0) !== streamId) {
      streamId = key.readUInt32BE(0)
      streams++
    } else if (revision !== expected && revision !== TOMBSTONE_REVISION) {
      report(`Stream number ${streamId} lacks the events from ${expected} to ${revision - 1}.`)
    }
    expected = revision + 1
    const position = value.readUIntBE(0, 6)
    if (!log.get(positionKey(position), { transaction })) {
      report(`Event ${revision} of stream number ${streamId} is missing at position ${position}.`)
    }
  }
  return streams
}

/** All entries of a table, in pages, so that other work can go on between them. */
async function* walk(
  table: LogDatabase['log'],
  transaction: Transaction,
): AsyncGenerator<{ key: Buffer; value: Buffer }> {
  let start: Buffer = Buffer.of(0)
  for (;;) {
    let last: Buffer | undefined
    for (const entry of table.getRange({ start, limit: PAGE, transaction })) {
      last = Buffer.from(entry.key)
      yield entry
    }
    if (!last) return
    start = Buffer.concat([last, Buffer.of(0)])
    await new Promise(setImmediate)
  }
}
