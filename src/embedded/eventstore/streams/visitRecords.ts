import type { LogStore } from '../log/logStore.js'
import type { PositionedRecord } from '../log/logView.js'
import { createdOf, HEADER_SIZE, streamNameOf, TOMBSTONE_REVISION } from '../log/record.js'
import type { StreamEntry } from '../log/unsettledLayer.js'
import type { StreamState } from './streamState.js'

/** What is done with a record, which is on loan; false when that was enough. */
export type Visit = (found: PositionedRecord) => boolean

/** How far a visit of some records came. */
export interface Visited {
  /** Where to go on, a position or a revision. */
  readonly next: number
  readonly ended: boolean
}

const MAX_BYTES = 1024 * 1024
const HIDDEN = /^(?:\$epoch-information|\$persistentsubscription-\$all::.*-(?:checkpoint|parked))$/s

/** Streams that never show up in `$all`. */
export function isHiddenFromAll(record: Buffer): boolean {
  // Nearly every stream is an ordinary one, and its first byte says so.
  const first = record[HEADER_SIZE + (record[21] as number)]
  return first === 0x24 && HIDDEN.test(streamNameOf(record))
}

/** Ends after `limit` records or many bytes, so that none holds up the thread for long. */
class BoundedVisit {
  private bytes = 0
  private count = 0
  private hadEnough = false

  constructor(
    private readonly limit: number,
    private readonly visit: Visit,
  ) {}

  get isOver(): boolean {
    return this.hadEnough || this.count >= this.limit || this.bytes >= MAX_BYTES
  }

  add(found: PositionedRecord): void {
    this.count++
    this.bytes += found.record.length
    if (!this.visit(found)) this.hadEnough = true
  }
}

/** Events at `from` and behind it, up to the newest committed one. */
export function visitAllForwards(store: LogStore, from: number, limit: number, visit: Visit): Visited {
  const bounded = new BoundedVisit(limit, visit)
  let position = Math.max(1, from)
  while (position <= store.head && !bounded.isOver) {
    const record = store.recent.get(position)
    if (record) bounded.add({ position: position++, record })
    else position = visitOlder(store, position, bounded)
  }
  return { next: position, ended: position > store.head }
}

/** Visits what is not recent and returns where to go on. */
function visitOlder(store: LogStore, from: number, bounded: BoundedVisit): number {
  for (const found of store.view.recordsFrom(from, store.head)) {
    bounded.add(found)
    if (bounded.isOver) return found.position + 1
  }
  return store.head + 1
}

/** Events before `from`, newest first. */
export function visitAllBackwards(store: LogStore, from: number, limit: number, visit: Visit): Visited {
  const bounded = new BoundedVisit(limit, visit)
  for (const found of store.view.recordsDownFrom(Math.min(from - 1, store.head))) {
    bounded.add(found)
    if (bounded.isOver) return { next: found.position, ended: false }
  }
  return { next: 0, ended: true }
}

/** Events of a stream from revision `from` on that are not older than `oldest`, ending with its tombstone when it has one. */
export function visitStreamForwards(
  store: LogStore,
  state: StreamState,
  from: number,
  limit: number,
  oldest: number,
  visit: Visit,
): Visited {
  const end = state.tombstoned ? TOMBSTONE_REVISION : state.last
  if (state.id === 0 || from > end) return { next: from, ended: true }
  const entries = store.view.entriesFrom(state.id, from, end, limit)
  return visitEntries(store, entries, limit, oldest, visit, (revision) => revision + 1, from)
}

/** Events of a stream from revision `from` down to `min` that are not older than `oldest`. */
export function visitStreamBackwards(
  store: LogStore,
  state: StreamState,
  from: number,
  min: number,
  limit: number,
  oldest: number,
  visit: Visit,
): Visited {
  if (state.id === 0 || from < min) return { next: from, ended: true }
  const entries = store.view.entriesDownFrom(state.id, from, min, limit)
  return visitEntries(store, entries, limit, oldest, visit, (revision) => revision - 1, from)
}

function visitEntries(
  store: LogStore,
  entries: Iterable<StreamEntry>,
  limit: number,
  oldest: number,
  visit: Visit,
  step: (revision: number) => number,
  from: number,
): Visited {
  const bounded = new BoundedVisit(limit, visit)
  let next = from
  let found = 0
  for (const { revision, position } of entries) {
    found++
    next = step(revision)
    const record = store.borrow(position)
    if (record && createdOf(record) >= oldest) bounded.add({ position, record })
    if (bounded.isOver || found === limit) break
  }
  return { next, ended: !bounded.isOver && found < limit }
}
