import type { DomainEvent } from './catalogue/index.js'
import type { EventMetadata } from './metadata.js'

/**
 * An event as the log holds it, before it is parsed. `revision` counts from 0 in its stream; `position` is the log's,
 * opaque, only received ones are used; `recordedAt` is the log's clock (ISO).
 */
export interface StoredEvent {
  readonly id: string
  readonly stream: string
  readonly revision: number
  readonly position: bigint
  readonly recordedAt: string
  readonly type: string
  readonly data: unknown
  readonly metadata: unknown
}

/** A stored event that was upcast to the newest version of its type and parsed. */
export type RecordedEvent<E extends DomainEvent = DomainEvent> = E & {
  readonly id: string
  readonly stream: string
  readonly revision: number
  readonly position: bigint
  readonly recordedAt: string
  readonly metadata: EventMetadata
}
