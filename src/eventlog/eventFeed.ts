import type { StoredEvent } from '../domain/events/recordedEvent.js'

/**
 * What a subscription delivers, in the order of the log. `checkpoint`: every matching event up to `position` was delivered
 * before it (an idle filtered subscription advances by it). `caughtUp`: what follows is live.
 */
export type FeedItem =
  | { readonly kind: 'event'; readonly event: StoredEvent }
  | { readonly kind: 'checkpoint'; readonly position: bigint }
  | { readonly kind: 'caughtUp' }

export interface FeedOptions {
  /** Exclusive: the first event delivered is after it. */
  readonly from: bigint | 'start' | 'end'
  /** Stream prefixes, such as `workflow-`. */
  readonly prefixes: readonly string[]
  /** Only events of these types, where given: the log filters by them, so that others cost nothing. */
  readonly types?: readonly string[]
  readonly signal?: AbortSignal
}

/** The read side's view of the log. */
export interface EventFeed {
  /** Ends without error when the signal aborts; throws LogUnavailable when the connection is lost. Never resumes by itself. */
  subscribe(options: FeedOptions): AsyncIterable<FeedItem>
  /**
   * The same, pushed instead of pulled, which costs a fraction per event at full speed. Items come one after the other; where
   * `receive` returns a promise, the next one comes when it is fulfilled. Ends when the signal aborts or `receive` rejects.
   */
  follow?(options: FeedOptions, receive: (item: FeedItem) => Promise<void> | undefined): Promise<void>
  /** Every event of the program's streams in the given range of the log, forwards or backwards, for audits. */
  readAll(options: {
    from: bigint | 'start' | 'end'
    direction: 'forwards' | 'backwards'
    limit?: number
  }): AsyncIterable<StoredEvent>
  /** Position of the newest event of the log; null when it is empty. */
  head(): Promise<bigint | null>
}
