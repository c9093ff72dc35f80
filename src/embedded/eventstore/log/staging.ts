import { parseMetadata } from '../streams/streamMetadata.js'
import type { StreamState } from '../streams/streamState.js'
import { isMetastream, streamOfMetastream } from '../streams/streamState.js'
import type { LogGroup, MetaWrite } from './logGroup.js'
import type { LogStore } from './logStore.js'
import { encodeRecord, type NewEvent, TOMBSTONE_REVISION } from './record.js'

interface StagedRecord {
  readonly position: number
  readonly state: StreamState
  readonly revision: number
  readonly eventId: string
  readonly record: Buffer
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

  /** What is to be added to the log. Removals are none of it. */
  group(sequence: number): LogGroup {
    const records = this.records.map(({ record }) => record)
    return { sequence, position: this.store.head + 1, records, metaWrites: this.metaWrites }
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
    return staged ? staged.position : this.store.view.positionOf(state.id, revision)
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
}
