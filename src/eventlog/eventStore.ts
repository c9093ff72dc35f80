import type { StoredEvent } from '../domain/events/recordedEvent.js'

/** An event to be written. `id` is derived from its command, so a repeated append is recognised by the server. */
export interface EventToAppend {
  readonly id: string
  readonly type: string
  readonly data: unknown
  readonly metadata: unknown
}

/** The stream must be at exactly this revision; `none`: it must not exist. */
export type ExpectedRevision = number | 'none'

export interface Appended {
  /** Revision of the last event of the append. */
  readonly revision: number
  /** Log position of the last event of the append. */
  readonly position: bigint
}

export interface ReadOptions {
  readonly from?: number | 'start' | 'end'
  readonly direction?: 'forwards' | 'backwards'
  readonly limit?: number
}

/** The stream was at another revision than the append expected; `actual` is null where it does not exist. */
export class WrongRevision extends Error {
  override readonly name = 'WrongRevision'

  constructor(
    readonly stream: string,
    readonly actual: number | null,
  ) {
    super(`${stream} is at ${actual === null ? 'no revision' : `revision ${actual}`}`)
  }
}

/** The log can't be reached. For an append this is ambiguous: repeat it with the same ids at the same revision. */
export class LogUnavailable extends Error {
  override readonly name = 'LogUnavailable'
}

/** The write side's view of the log. */
export interface EventStore {
  /** All or nothing. Idempotent for the same ids at the same expected revision. Throws WrongRevision, LogUnavailable. */
  append(stream: string, events: readonly EventToAppend[], expected: ExpectedRevision): Promise<Appended>
  /** Yields nothing for a stream that does not exist. Throws LogUnavailable. */
  readStream(stream: string, options?: ReadOptions): AsyncIterable<StoredEvent>
}
