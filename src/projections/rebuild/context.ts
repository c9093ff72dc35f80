import type { EventFeed } from '../../eventlog/eventFeed.js'
import type { EventStore } from '../../eventlog/eventStore.js'
import type { Projection } from '../model/projection.js'
import type { Feeder } from '../projector/feeder.js'
import type { GenerationRef, GenerationStore, ReadModelStore } from '../store/projectionStore.js'
import type { Pace } from './pace.js'
import type { RebuildRecords } from './rebuildRecords.js'

/** What a rebuild needs of the projector that carries it out. */
export interface RebuildContext {
  readonly projection: Projection
  readonly feed: EventFeed
  readonly streams: Pick<EventStore, 'readStream'>
  readonly records: RebuildRecords
  readonly pace: Pace
  readonly generations: GenerationStore
  /** A store with a session of its own, which the caller closes. */
  openStore(purpose: string): ReadModelStore
  /** Keeps a generation fed from now on; the same one for the same generation. */
  feederFor(ref: GenerationRef): Promise<Feeder>
  /** Undefined where it is not fed: it is of another version. */
  activeFeeder(): Feeder | undefined
  stopFeeder(generation: number): Promise<void>
  /** Other readers see this generation from now on. */
  activated(generation: number): void
  readonly now: () => Date
  readonly log: (line: string) => void
}
