import { RecentIds } from '../streams/recentIds.js'
import { noMetadata, parseMetadata, type StreamMetadata } from '../streams/streamMetadata.js'
import type { StreamState } from '../streams/streamState.js'
import { isMetastream, metastreamOf } from '../streams/streamState.js'
import type { LogView } from './logView.js'
import { RecentRecords } from './recentRecords.js'
import { eventIdOf, isJson, payloadOf, revisionOf, streamIdOf, TOMBSTONE_REVISION } from './record.js'
import type { Staging } from './staging.js'

const CACHED_STATES = 16_384
const WARM_IDS = 4_096

/** The committed log: what reads may see. Only the commit of a group changes it. */
export class LogStore {
  readonly recent = new RecentRecords()
  readonly recentIds = new RecentIds()
  /** Position of the last committed event; 0 in an empty log. */
  head: number
  nextStreamId: number
  private readonly states = new Map<string, StreamState>()

  constructor(readonly view: LogView) {
    this.head = view.lastPosition()
    this.nextStreamId = view.lastStreamId() + 1
    for (const { record } of view.recordsFrom(Math.max(1, this.head - WARM_IDS), this.head)) {
      this.recentIds.add(eventIdOf(record), streamIdOf(record), revisionOf(record))
    }
  }

  state(name: string): StreamState {
    const known = this.states.get(name) ?? this.view.unsettled.state(name)
    if (known) return known
    const loaded = this.loadState(name, (metastream) => this.state(metastream))
    this.remember(loaded)
    return loaded
  }

  /** The state of a stream without remembering it, for walks over all streams. */
  peekState(name: string): StreamState {
    const known = this.states.get(name) ?? this.view.unsettled.state(name)
    return known ?? this.loadState(name, (metastream) => this.peekState(metastream))
  }

  record(position: number): Buffer | undefined {
    return this.recent.get(position) ?? this.view.record(position)
  }

  /** The same on loan: the next read of the log may overwrite it. */
  borrow(position: number): Buffer | undefined {
    return this.recent.get(position) ?? this.view.borrow(position)
  }

  recordOf(streamId: number, revision: number): Buffer | undefined {
    const position = this.view.positionOf(streamId, revision)
    return position === undefined ? undefined : this.record(position)
  }

  /** Makes a group visible that is on disk. */
  apply(staging: Staging): void {
    for (const state of staging.states.values()) this.remember(state)
    for (const { position, record, eventId, state, revision } of staging.records) {
      this.recent.push(position, record)
      this.recentIds.add(eventId, state.id, revision)
    }
    for (const { position } of staging.removals) this.recent.forget(position)
    this.head = staging.head
    this.nextStreamId = staging.nextStreamId
  }

  private remember(state: StreamState): void {
    this.states.delete(state.name)
    this.states.set(state.name, state)
    if (this.states.size <= CACHED_STATES) return
    for (const oldest of this.states.keys()) {
      this.states.delete(oldest)
      break
    }
  }

  private loadState(name: string, stateOf: (name: string) => StreamState): StreamState {
    const id = this.view.settledStreamId(name)
    const { last, tombstoned } = this.loadEnd(id)
    const metadata = isMetastream(name) ? undefined : this.loadMetadata(stateOf(metastreamOf(name)))
    return { name, id, last, tombstoned, metadata: metadata ?? noMetadata(), hasMetadata: metadata !== undefined }
  }

  private loadEnd(id: number): { last: number; tombstoned: boolean } {
    if (id === 0) return { last: -1, tombstoned: false }
    const [newest, before] = this.view.entriesDownFrom(id, TOMBSTONE_REVISION, 0, 2)
    const tombstoned = newest?.revision === TOMBSTONE_REVISION
    return { last: (tombstoned ? before : newest)?.revision ?? -1, tombstoned }
  }

  private loadMetadata(metastream: StreamState): StreamMetadata | undefined {
    if (metastream.last < 0) return undefined
    const record = this.recordOf(metastream.id, metastream.last)
    return record && isJson(record) ? parseMetadata(payloadOf(record).data) : noMetadata()
  }
}
