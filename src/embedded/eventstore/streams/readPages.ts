import { eventKey, positionKey } from '../log/keys.js'
import type { LogStore } from '../log/logStore.js'
import { createdOf, HEADER_SIZE, streamNameOf, TOMBSTONE_REVISION } from '../log/record.js'
import type { StreamState } from './streamState.js'

export interface PositionedRecord {
  readonly position: number
  readonly record: Buffer
}

export interface Page {
  readonly records: readonly PositionedRecord[]
  /** Where the next page starts, a position or a revision. */
  readonly next: number
  readonly ended: boolean
}

const HIDDEN = /^(?:\$epoch-information|\$persistentsubscription-\$all::.*-(?:checkpoint|parked))$/s

/** Streams that never show up in `$all`. */
export function isHiddenFromAll(record: Buffer): boolean {
  // Nearly every stream is an ordinary one, and its first byte says so.
  const first = record[HEADER_SIZE + (record[21] as number)]
  return first === 0x24 && HIDDEN.test(streamNameOf(record))
}

/** Events at `from` and behind it, up to the newest committed one. */
export function readAllForwards(store: LogStore, from: number, limit: number): Page {
  const records: PositionedRecord[] = []
  let position = Math.max(1, from)
  while (position <= store.head && records.length < limit) {
    const recent = store.recent.get(position)
    if (recent) {
      records.push({ position, record: recent })
      position++
    } else position = scanForwards(store, position, limit, records)
  }
  return { records, next: position, ended: position > store.head }
}

function scanForwards(store: LogStore, from: number, limit: number, records: PositionedRecord[]): number {
  let position = from
  const range = { start: positionKey(from), end: positionKey(store.head + 1), limit: limit - records.length }
  let found = 0
  for (const { key, value } of store.database.log.getRange(range)) {
    position = key.readUIntBE(0, 6)
    records.push({ position, record: value })
    position++
    found++
  }
  return found < range.limit ? Math.max(position, store.head + 1) : position
}

/** Events before `from`, newest first. */
export function readAllBackwards(store: LogStore, from: number, limit: number): Page {
  const records: PositionedRecord[] = []
  const newest = Math.min(from - 1, store.head)
  if (newest < 1) return { records, next: 0, ended: true }
  const range = { start: positionKey(newest), reverse: true, limit }
  for (const { key, value } of store.database.log.getRange(range)) {
    records.push({ position: key.readUIntBE(0, 6), record: value })
  }
  const next = records.at(-1)?.position ?? 0
  return { records, next, ended: records.length < limit }
}

/** Events of a stream from revision `from` on, ending with its tombstone when it has one. */
export function readStreamForwards(store: LogStore, state: StreamState, from: number, limit: number, oldest = 0): Page {
  if (state.id === 0) return { records: [], next: from, ended: true }
  const end = state.tombstoned ? TOMBSTONE_REVISION : state.last
  if (from > end) return { records: [], next: from, ended: true }
  const start = eventKey(state.id, from)
  const behind = state.tombstoned ? eventKey(state.id + 1, 0) : eventKey(state.id, end + 1)
  return collect(store, { start, end: behind, limit }, oldest, (revision) => revision + 1, from)
}

/** Events of a stream from revision `from` down to `min`. */
export function readStreamBackwards(
  store: LogStore,
  state: StreamState,
  from: number,
  min: number,
  limit: number,
  oldest = 0,
): Page {
  if (state.id === 0 || from < min) return { records: [], next: from, ended: true }
  const start = eventKey(state.id, from)
  const end = min === 0 ? eventKey(state.id - 1, TOMBSTONE_REVISION) : eventKey(state.id, min - 1)
  return collect(store, { start, end, limit, reverse: true }, oldest, (revision) => revision - 1, from)
}

interface IndexRange {
  readonly start: Buffer
  readonly end: Buffer
  readonly limit: number
  readonly reverse?: boolean
}

function collect(
  store: LogStore,
  range: IndexRange,
  oldest: number,
  step: (revision: number) => number,
  from: number,
): Page {
  const records: PositionedRecord[] = []
  let next = from
  let found = 0
  for (const { key, value } of store.database.index.getRange(range)) {
    found++
    next = step(key.readUIntBE(4, 6))
    const position = value.readUIntBE(0, 6)
    const record = store.record(position)
    if (record && createdOf(record) >= oldest) records.push({ position, record })
  }
  return { records, next, ended: found < range.limit }
}
