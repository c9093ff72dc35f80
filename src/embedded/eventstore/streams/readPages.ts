import type { LogStore } from '../log/logStore.js'
import type { PositionedRecord } from '../log/logView.js'
import { createdOf, HEADER_SIZE, streamNameOf, TOMBSTONE_REVISION } from '../log/record.js'
import type { StreamEntry } from '../log/unsettledLayer.js'
import type { StreamState } from './streamState.js'

export interface Page {
  readonly records: readonly PositionedRecord[]
  /** Where the next page starts, a position or a revision. */
  readonly next: number
  readonly ended: boolean
}

const MAX_PAGE_BYTES = 1024 * 1024
const HIDDEN = /^(?:\$epoch-information|\$persistentsubscription-\$all::.*-(?:checkpoint|parked))$/s

/** Streams that never show up in `$all`. */
export function isHiddenFromAll(record: Buffer): boolean {
  // Nearly every stream is an ordinary one, and its first byte says so.
  const first = record[HEADER_SIZE + (record[21] as number)]
  return first === 0x24 && HIDDEN.test(streamNameOf(record))
}

/** Collects the records of one page. Large ones end it early, so that no reader holds much memory. */
class PageBuilder {
  readonly records: PositionedRecord[] = []
  private bytes = 0

  constructor(private readonly limit: number) {}

  get room(): number {
    return this.limit - this.records.length
  }

  get isFull(): boolean {
    return this.room <= 0 || this.bytes >= MAX_PAGE_BYTES
  }

  add(position: number, record: Buffer): void {
    this.records.push({ position, record })
    this.bytes += record.length
  }
}

/** Events at `from` and behind it, up to the newest committed one. */
export function readAllForwards(store: LogStore, from: number, limit: number): Page {
  const page = new PageBuilder(limit)
  let position = Math.max(1, from)
  while (position <= store.head && !page.isFull) {
    const recent = store.recent.get(position)
    if (recent) page.add(position++, recent)
    else position = scanForwards(store, position, page)
  }
  return { records: page.records, next: position, ended: position > store.head }
}

/** Fills the page with what is not recent and returns where to read on. */
function scanForwards(store: LogStore, from: number, page: PageBuilder): number {
  for (const { position, record } of store.view.recordsFrom(from, store.head, page.room)) {
    page.add(position, record)
    if (page.isFull) return position + 1
  }
  return store.head + 1
}

/** Events before `from`, newest first. */
export function readAllBackwards(store: LogStore, from: number, limit: number): Page {
  const page = new PageBuilder(limit)
  const { records } = page
  const newest = Math.min(from - 1, store.head)
  if (newest < 1) return { records, next: 0, ended: true }
  for (const { position, record } of store.view.recordsDownFrom(newest, limit)) {
    page.add(position, record)
    if (page.isFull) break
  }
  return { records, next: records.at(-1)?.position ?? 0, ended: !page.isFull }
}

/** Events of a stream from revision `from` on, ending with its tombstone when it has one. */
export function readStreamForwards(store: LogStore, state: StreamState, from: number, limit: number, oldest = 0): Page {
  if (state.id === 0) return { records: [], next: from, ended: true }
  const end = state.tombstoned ? TOMBSTONE_REVISION : state.last
  if (from > end) return { records: [], next: from, ended: true }
  const entries = store.view.entriesFrom(state.id, from, end, limit)
  return collect(store, entries, limit, oldest, (revision) => revision + 1, from)
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
  const entries = store.view.entriesDownFrom(state.id, from, min, limit)
  return collect(store, entries, limit, oldest, (revision) => revision - 1, from)
}

function collect(
  store: LogStore,
  entries: Iterable<StreamEntry>,
  limit: number,
  oldest: number,
  step: (revision: number) => number,
  from: number,
): Page {
  const page = new PageBuilder(limit)
  let next = from
  let found = 0
  for (const { revision, position } of entries) {
    found++
    next = step(revision)
    const record = store.record(position)
    if (record && createdOf(record) >= oldest) page.add(position, record)
    if (page.isFull || found === limit) break
  }
  return { records: page.records, next, ended: !page.isFull && found < limit }
}
