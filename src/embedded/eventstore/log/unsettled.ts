import type { StreamState } from '../streams/streamState.js'
import type { LogGroup, MetaWrite } from './logGroup.js'
import { type StreamEntry, UnsettledLayer } from './unsettledLayer.js'

/**
 * What is committed in the journal and not yet in the data file. Reads look here before they look there. There are two
 * layers at most: one that is being settled, and behind it one that is being filled. All of it is newer than all of the
 * data file: higher positions, and in each stream higher revisions.
 */
export class Unsettled {
  private settling: UnsettledLayer | undefined
  private filling = new UnsettledLayer()

  /** Oldest first. */
  get layers(): readonly [UnsettledLayer, ...UnsettledLayer[]] {
    return this.settling ? [this.settling, this.filling] : [this.filling]
  }

  get isSettling(): boolean {
    return this.settling !== undefined
  }

  get isEmpty(): boolean {
    return this.filling.last === 0 && !this.settling
  }

  /** Bytes of the records in the layer that is being filled. */
  get bytes(): number {
    return this.filling.bytes
  }

  /** Position of the oldest record; infinite when there is none. */
  get position(): number {
    return this.layers.find(({ records }) => records.length > 0)?.position ?? Number.POSITIVE_INFINITY
  }

  add(group: LogGroup, states: ReadonlyMap<string, StreamState>): void {
    this.filling.add(group, states)
  }

  /** Closes the layer that was filled. Not while another one is being settled. */
  beginSettling(): void {
    this.settling = this.filling
    this.filling = new UnsettledLayer()
  }

  /** The layer is in the data file. */
  endSettling(): void {
    this.settling = undefined
  }

  /** Everything is in the data file. */
  clear(): void {
    this.settling = undefined
    this.filling = new UnsettledLayer()
  }

  state(name: string): StreamState | undefined {
    return this.filling.states.get(name) ?? this.settling?.states.get(name)
  }

  /** A removal is a write without a value. */
  metaWrite(key: Buffer): MetaWrite | undefined {
    return this.filling.metaWrite(key) ?? this.settling?.metaWrite(key)
  }

  record(position: number): Buffer | undefined {
    for (const layer of this.layers) {
      const record = position < layer.position ? undefined : layer.records[position - layer.position]
      if (record) return record
    }
    return undefined
  }

  positionOf(streamId: number, revision: number): number | undefined {
    return this.filling.positionOf(streamId, revision) ?? this.settling?.positionOf(streamId, revision)
  }

  /** The events of a stream, by revision. */
  entries(streamId: number): readonly StreamEntry[] {
    const filling = this.filling.entries(streamId)
    const settling = this.settling?.entries(streamId) ?? []
    return settling.length === 0 ? filling : settling.concat(filling)
  }
}
