import { RecentIds } from '../streams/recentIds.js'
import { noMetadata, parseMetadata, type StreamMetadata } from '../streams/streamMetadata.js'
import type { StreamState } from '../streams/streamState.js'
import { isMetastream, metastreamOf } from '../streams/streamState.js'
import type { LogDatabase } from './database.js'
import { eventKey, nameKey, positionKey } from './keys.js'
import { RecentRecords } from './recentRecords.js'
import { eventIdOf, isJson, payloadOf, revisionOf, streamIdOf, TOMBSTONE_REVISION } from './record.js'
import type { Staging } from './staging.js'

const CACHED_STATES = 16_384
const WARM_IDS = 4_096
const LAST_KEY = Buffer.from([255, 255, 255, 255, 255, 255])

/** The committed log: what reads may see. Only the commit of a group changes it. */
export class LogStore {
  readonly recent = new RecentRecords()
  readonly recentIds = new RecentIds()
  /** Position of the last committed event; 0 in an empty log. */
  head: number
  nextStreamId: number
  private readonly states = new Map<string, StreamState>()
  private readonly scratch = Buffer.allocUnsafe(10)

  constructor(readonly database: LogDatabase) {
    this.head = lastPosition(database)
    this.nextStreamId = lastStreamId(database) + 1
    for (const { value } of database.log.getRange({ start: positionKey(Math.max(1, this.head - WARM_IDS)) })) {
      this.recentIds.add(eventIdOf(value), streamIdOf(value), revisionOf(value))
    }
  }

  state(name: string): StreamState {
    const cached = this.states.get(name)
    if (cached) return cached
    const loaded = this.loadState(name, (metastream) => this.state(metastream))
    this.remember(loaded)
    return loaded
  }

  /** The state of a stream without remembering it, for walks over all streams. */
  peekState(name: string): StreamState {
    return this.states.get(name) ?? this.loadState(name, (metastream) => this.peekState(metastream))
  }

  /** The record at a position, from memory or from disk. */
  record(position: number): Buffer | undefined {
    return this.recent.get(position) ?? this.database.log.getBinary(positionKey(position, this.scratch.subarray(0, 6)))
  }

  positionOf(streamId: number, revision: number): number | undefined {
    return this.database.index.getBinary(eventKey(streamId, revision, this.scratch))?.readUIntBE(0, 6)
  }

  recordOf(streamId: number, revision: number): Buffer | undefined {
    const position = this.positionOf(streamId, revision)
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
    const id = this.database.names.getBinary(nameKey(name))?.readUInt32BE(0) ?? 0
    const { last, tombstoned } = this.loadEnd(id)
    const metadata = isMetastream(name) ? undefined : this.loadMetadata(stateOf(metastreamOf(name)))
    return { name, id, last, tombstoned, metadata: metadata ?? noMetadata(), hasMetadata: metadata !== undefined }
  }

  private loadEnd(id: number): { last: number; tombstoned: boolean } {
    if (id === 0) return { last: -1, tombstoned: false }
    let tombstoned = false
    const range = { start: eventKey(id, TOMBSTONE_REVISION), end: eventKey(id - 1, TOMBSTONE_REVISION), reverse: true }
    for (const key of this.database.index.getKeys({ ...range, limit: 2 })) {
      const revision = key.readUIntBE(4, 6)
      if (revision !== TOMBSTONE_REVISION) return { last: revision, tombstoned }
      tombstoned = true
    }
    return { last: -1, tombstoned }
  }

  private loadMetadata(metastream: StreamState): StreamMetadata | undefined {
    if (metastream.last < 0) return undefined
    const record = this.recordOf(metastream.id, metastream.last)
    return record && isJson(record) ? parseMetadata(payloadOf(record).data) : noMetadata()
  }
}

function lastPosition({ log }: LogDatabase): number {
  for (const key of log.getKeys({ start: LAST_KEY, reverse: true, limit: 1 })) return key.readUIntBE(0, 6)
  return 0
}

/** Every stream that has a number has an event that bears it. */
function lastStreamId({ index }: LogDatabase): number {
  const end = eventKey(0xffffffff, TOMBSTONE_REVISION)
  for (const key of index.getKeys({ start: end, reverse: true, limit: 1 })) return key.readUInt32BE(0)
  return 0
}
