import type { StoredEvent } from '../domain/events/recordedEvent.js'

/**
 * An event that was handed to this consumer of the group. It comes again, here or elsewhere, until it is acknowledged; an
 * answer that the log did not get is an event that comes again.
 */
export interface WorkItem {
  readonly event: StoredEvent
  readonly retryCount: number
  ack(): void
  /** Hands it back for another try; `park` puts it aside where an operator finds it. */
  nack(action: 'retry' | 'park', reason: string): void
}

/** Competing consumers of the log (a persistent subscription): each event reaches one consumer of the group at least once. */
export interface WorkQueue {
  /** Creates the group where it is missing. Ends when the signal aborts, throws LogUnavailable when the connection is lost. */
  consume(options: {
    group: string
    prefixes: readonly string[]
    /** The event types that the consumer needs. A log that can filters by them; the consumer still skips others itself. */
    types?: readonly string[]
    buffer: number
    signal: AbortSignal
  }): AsyncIterable<WorkItem>
}
