import type { RangeOptions } from 'lmdb'
import type { LogDatabase } from './database.js'
import { eventKey, nameKey, positionKey } from './keys.js'
import { TOMBSTONE_REVISION } from './record.js'
import { Unsettled } from './unsettled.js'
import type { StreamEntry } from './unsettledLayer.js'

export interface PositionedRecord {
  readonly position: number
  /** Where it says that it is on loan, the next read of the log may overwrite it. */
  readonly record: Buffer
}

const LAST_KEY = Buffer.from([255, 255, 255, 255, 255, 255])

/** The log as it is read: what is not settled from memory, everything older from the data file. */
export class LogView {
  readonly unsettled = new Unsettled()
  private readonly scratch = Buffer.allocUnsafe(10)
  private readonly positionScratch = Buffer.allocUnsafe(6)

  constructor(private readonly database: LogDatabase) {}

  record(position: number): Buffer | undefined {
    const unsettled = this.unsettled.record(position)
    return unsettled ?? this.database.log.getBinary(positionKey(position, this.positionScratch))
  }

  /** The record on loan, which makes no garbage. */
  borrow(position: number): Buffer | undefined {
    return this.unsettled.record(position) ?? this.borrowSettled(position)
  }

  positionOf(streamId: number, revision: number): number | undefined {
    const unsettled = this.unsettled.positionOf(streamId, revision)
    return unsettled ?? this.database.index.getBinary(eventKey(streamId, revision, this.scratch))?.readUIntBE(0, 6)
  }

  /** Records from position `from` to `to`, on loan. */
  *recordsFrom(from: number, to: number): Generator<PositionedRecord> {
    const settledEnd = Math.min(to + 1, this.unsettled.position)
    for (let position = from; position < settledEnd; ) {
      const record = this.borrowSettled(position)
      if (record) yield { position: position++, record }
      else position = this.settledPosition({ start: positionKey(position), end: positionKey(settledEnd) }) ?? settledEnd
    }
    for (let position = Math.max(from, settledEnd); position <= to; position++) {
      const record = this.unsettled.record(position)
      if (record) yield { position, record }
    }
  }

  /** Records from position `from` down, on loan. */
  *recordsDownFrom(from: number): Generator<PositionedRecord> {
    const { position: unsettled } = this.unsettled
    let position = from
    for (; position >= unsettled; position--) {
      const record = this.unsettled.record(position)
      if (record) yield { position, record }
    }
    while (position > 0) {
      const record = this.borrowSettled(position)
      if (record) yield { position: position--, record }
      else position = this.settledPosition({ start: positionKey(position), reverse: true }) ?? 0
    }
  }

  /** Events of a stream from revision `from` to `to`, of the data file at most `limit`. */
  *entriesFrom(streamId: number, from: number, to: number, limit: number): Generator<StreamEntry> {
    const unsettled = this.unsettled.entries(streamId)
    const lastSettled = Math.min(to, (unsettled[0]?.revision ?? Number.POSITIVE_INFINITY) - 1)
    if (from <= lastSettled) {
      const end = lastSettled === TOMBSTONE_REVISION ? eventKey(streamId + 1, 0) : eventKey(streamId, lastSettled + 1)
      yield* this.settledEntries({ start: eventKey(streamId, from), end, limit })
    }
    // Revisions follow each other, but for a tombstone at the end.
    const first = Math.max(0, Math.min(from - (unsettled[0]?.revision ?? 0), unsettled.length - 1))
    for (const entry of unsettled.slice(first)) if (entry.revision >= from && entry.revision <= to) yield entry
  }

  /** Events of a stream from revision `from` down to `to`, of the data file at most `limit`. */
  *entriesDownFrom(streamId: number, from: number, to: number, limit: number): Generator<StreamEntry> {
    const unsettled = this.unsettled.entries(streamId)
    for (const entry of unsettled.toReversed()) if (entry.revision <= from && entry.revision >= to) yield entry
    const newest = Math.min(from, (unsettled[0]?.revision ?? Number.POSITIVE_INFINITY) - 1)
    if (newest < to) return
    const end = to === 0 ? eventKey(streamId - 1, TOMBSTONE_REVISION) : eventKey(streamId, to - 1)
    yield* this.settledEntries({ start: eventKey(streamId, newest), end, limit, reverse: true })
  }

  /** One of the small things that are kept beside the events. */
  meta(key: Buffer): Buffer | undefined {
    const unsettled = this.unsettled.metaWrite(key)
    return unsettled ? unsettled.value : this.database.meta.get(key)
  }

  /** All small things whose key begins with `prefix`. */
  metaValues(prefix: string): Buffer[] {
    const start = Buffer.from(prefix)
    const values = new Map<string, Buffer | undefined>()
    const range = { start, end: Buffer.concat([start, Buffer.of(255)]) }
    for (const { key, value } of this.database.meta.getRange(range)) values.set(key.toString('latin1'), value)
    for (const { metaWrites } of this.unsettled.layers) {
      for (const { key, value } of metaWrites) {
        if (key.subarray(0, start.length).equals(start)) values.set(key.toString('latin1'), value)
      }
    }
    return [...values.values()].filter((value) => value !== undefined)
  }

  /** Names of streams that are settled, in the order of their keys, behind the key `after`. */
  settledNames(after: Buffer | undefined, limit: number): { key: Buffer; name: string }[] {
    const start = after ? Buffer.concat([after, Buffer.of(0)]) : Buffer.of(0)
    const found: { key: Buffer; name: string }[] = []
    for (const { key, value } of this.database.names.getRange({ start, limit })) {
      found.push({ key: Buffer.from(key), name: value.toString('utf8', 4) })
    }
    return found
  }

  /** The number of a stream in the data file; 0 for none. */
  settledStreamId(name: string): number {
    return this.database.names.getBinary(nameKey(name))?.readUInt32BE(0) ?? 0
  }

  /** Position of the last settled event; 0 in an empty file. */
  lastPosition(): number {
    return this.settledPosition({ start: LAST_KEY, reverse: true }) ?? 0
  }

  /** The highest number of a settled stream. Every stream that has a number has an event that bears it. */
  lastStreamId(): number {
    const end = eventKey(0xffffffff, TOMBSTONE_REVISION)
    for (const key of this.database.index.getKeys({ start: end, reverse: true, limit: 1 })) return key.readUInt32BE(0)
    return 0
  }

  private borrowSettled(position: number): Buffer | undefined {
    const bytes = this.database.log.getBinaryFast(positionKey(position, this.positionScratch))
    // Of 16 MiB and more it is a plain array, a view of the data file.
    return bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  /** The first position in a range of the data file. Where events were scavenged there are gaps. */
  private settledPosition(range: RangeOptions): number | undefined {
    for (const key of this.database.log.getKeys({ ...range, limit: 1 })) return key.readUIntBE(0, 6)
    return undefined
  }

  private *settledEntries(range: RangeOptions): Generator<StreamEntry> {
    for (const { key, value } of this.database.index.getRange(range)) {
      yield { revision: key.readUIntBE(4, 6), position: value.readUIntBE(0, 6) }
    }
  }
}
