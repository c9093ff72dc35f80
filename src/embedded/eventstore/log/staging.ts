import { parseMetadata } from '../streams/streamMetadata.js'
import type { StreamState } from '../streams/streamState.js'
import { isMetastream, streamOfMetastream } from '../streams/streamState.js'
import { eventKey, nameKey, positionKey } from './keys.js'
import type { LogStore } from './logStore.js'
import { encodeRecord, type NewEvent, TOMBSTONE_REVISION } from './record.js'

interface StagedRecord {
  readonly position: number
  readonly state: StreamState
  readonly revision: number
  readonly eventId: string
  readonly record: Buffer
}

interface MetaWrite {
  readonly key: Buffer
  /** Undefined removes. */
  readonly value: Buffer | undefined
}

export interface Removal {
  readonly position: number
  readonly streamId: number
  readonly revision: number
}

/**
 * What one group commit is about to write. Everything is decided here, against the committed state and what the group
 * has staged so far, and nothing outside changes until the group is on disk.
 */
export class Staging {
  readonly records: StagedRecord[] = []
  readonly states = new Map<string, StreamState>()
  readonly metaWrites: MetaWrite[] = []
  readonly removals: Removal[] = []
  nextStreamId: number
  bytes = 0
  private position: number
  private readonly ids = new Map<string, { streamId: number; revision: number }>()

  constructor(
    private readonly store: LogStore,
    /** Milliseconds since the epoch; the same for the whole group. */
    readonly now: number,
  ) {
    this.position = store.head
    this.nextStreamId = store.nextStreamId
  }

  /** Position of the last event, staged ones included. */
  get head(): number {
    return this.position
  }

  get isEmpty(): boolean {
    return this.records.length === 0 && this.metaWrites.length === 0 && this.removals.length === 0
  }

  state(name: string): StreamState {
    return this.states.get(name) ?? this.store.state(name)
  }

  /** Where an event with this id was recently written. */
  findId(id: string): { streamId: number; revision: number } | undefined {
    return this.ids.get(id) ?? this.store.recentIds.find(id)
  }

  record(state: StreamState, revision: number): Buffer | undefined {
    const staged = this.findStaged(state, revision)
    return staged ? staged.record : this.store.recordOf(state.id, revision)
  }

  positionOf(state: StreamState, revision: number): number | undefined {
    const staged = this.findStaged(state, revision)
    return staged ? staged.position : this.store.positionOf(state.id, revision)
  }

  /** Appends one event to its stream, whatever the stream's state, and returns its position. */
  append(name: string, event: NewEvent): number {
    return this.write(name, event, this.state(name).last + 1)
  }

  /** Ends a stream for good. */
  appendTombstone(name: string, event: NewEvent): number {
    return this.write(name, event, TOMBSTONE_REVISION)
  }

  setMeta(key: Buffer, value: Buffer | undefined): void {
    this.metaWrites.push({ key, value })
  }

  /** Takes an event out of the log, when compacting. */
  remove(removal: Removal): void {
    this.removals.push(removal)
  }

  private findStaged(state: StreamState, revision: number): StagedRecord | undefined {
    if (revision <= this.store.state(state.name).last) return undefined
    return this.records.find((entry) => entry.state.id === state.id && entry.revision === revision)
  }

  private write(name: string, event: NewEvent, revision: number): number {
    const before = this.state(name)
    const id = before.id === 0 ? this.nextStreamId++ : before.id
    const tombstone = revision === TOMBSTONE_REVISION
    const after = { ...before, id, ...(tombstone ? { tombstoned: true } : { last: revision }) }
    this.states.set(name, after)
    const position = ++this.position
    const place = { streamId: id, streamName: name, revision, position, created: this.now }
    const record = encodeRecord(event, place)
    this.bytes += record.length
    this.records.push({ position, state: after, revision, eventId: event.id, record })
    this.ids.set(event.id, { streamId: id, revision })
    if (!tombstone && isMetastream(name) && !isMetastream(streamOfMetastream(name))) this.applyMetadata(name, event)
    return position
  }

  private applyMetadata(metastream: string, event: NewEvent): void {
    const name = streamOfMetastream(metastream)
    const metadata = parseMetadata(event.isJson ? Buffer.from(event.data) : Buffer.alloc(0))
    this.states.set(name, { ...this.state(name), metadata, hasMetadata: true })
  }

  /** Hands every write to LMDB, which commits them in one transaction. Resolves when they are on disk. */
  flush(): Promise<unknown> {
    const { root, log, index, names, meta } = this.store.database
    // Within a batch single writes have no outcome of their own.
    return root.batch(() => {
      const logKey = Buffer.allocUnsafe(6)
      const indexKey = Buffer.allocUnsafe(10)
      for (const { position, state, revision, record } of this.records) {
        void log.put(positionKey(position, logKey), record)
        void index.put(eventKey(state.id, revision, indexKey), positionKey(position))
      }
      for (const state of this.states.values()) {
        if (state.id >= this.store.nextStreamId) void names.put(nameKey(state.name), nameValue(state))
      }
      for (const { key, value } of this.metaWrites) void (value ? meta.put(key, value) : meta.remove(key))
      for (const { position, streamId, revision } of this.removals) {
        void log.remove(positionKey(position, logKey))
        void index.remove(eventKey(streamId, revision, indexKey))
      }
    })
  }
}

/** The name is kept beside the number because a long name is keyed by its hash. */
function nameValue(state: StreamState): Buffer {
  const name = Buffer.from(state.name, 'utf8')
  const value = Buffer.allocUnsafe(4 + name.length)
  value.writeUInt32BE(state.id, 0)
  name.copy(value, 4)
  return value
}
