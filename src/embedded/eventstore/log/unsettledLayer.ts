import type { StreamState } from '../streams/streamState.js'
import type { LogAddition, LogGroup, MetaWrite } from './logGroup.js'
import { revisionOf, streamIdOf, TOMBSTONE_REVISION } from './record.js'

/** Where an event of a stream stands. */
export interface StreamEntry {
  readonly revision: number
  readonly position: number
}

/** Groups that will be settled together. */
export class UnsettledLayer implements LogAddition {
  position = 0
  readonly records: Buffer[] = []
  readonly states = new Map<string, StreamState>()
  /** Number of the last group; 0 while there is none. */
  last = 0
  /** Bytes of the records. */
  bytes = 0
  private readonly meta = new Map<string, MetaWrite>()
  /** The events of each stream: revisions that follow each other, and then perhaps a tombstone. */
  private readonly streams = new Map<number, StreamEntry[]>()

  get metaWrites(): Iterable<MetaWrite> {
    return this.meta.values()
  }

  add(group: LogGroup, states: ReadonlyMap<string, StreamState>): void {
    if (this.records.length === 0) this.position = group.position
    for (const record of group.records) {
      this.entriesOf(streamIdOf(record)).push({
        revision: revisionOf(record),
        position: this.position + this.records.length,
      })
      this.records.push(record)
      this.bytes += record.length
    }
    for (const write of group.metaWrites) this.meta.set(textOf(write.key), write)
    for (const state of states.values()) this.states.set(state.name, state)
    this.last = group.sequence
  }

  metaWrite(key: Buffer): MetaWrite | undefined {
    return this.meta.get(textOf(key))
  }

  entries(streamId: number): readonly StreamEntry[] {
    return this.streams.get(streamId) ?? []
  }

  positionOf(streamId: number, revision: number): number | undefined {
    const entries = this.streams.get(streamId)
    const entry = revision === TOMBSTONE_REVISION ? entries?.at(-1) : entries?.[revision - (entries[0]?.revision ?? 0)]
    return entry?.revision === revision ? entry.position : undefined
  }

  private entriesOf(streamId: number): StreamEntry[] {
    const known = this.streams.get(streamId)
    if (known) return known
    const entries: StreamEntry[] = []
    this.streams.set(streamId, entries)
    return entries
  }
}

const textOf = (key: Buffer): string => key.toString('latin1')
