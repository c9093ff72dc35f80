import type { DomainEvent } from '../domain/events/catalogue/index.js'
import type { Actor } from '../domain/events/metadata.js'
import type { RecordedEvent } from '../domain/events/recordedEvent.js'

/**
 * Who asks for what, when. `commandId` is derived from the Idempotency-Key where there is one, so that a repeated command
 * leads to the same event ids; then `requestHash` tells whether the body was the same too.
 */
export interface CommandContext {
  readonly commandId: string
  readonly actor: Actor
  /** ISO time; becomes `occurredAt`. */
  readonly now: string
  readonly correlationId: string
  readonly causationId: string
  readonly traceparent?: string
  readonly requestHash?: string
  /** The revision that the caller saw (If-Match). Another one is refused instead of decided again. */
  readonly ifMatch?: number
}

/** Its id was derived from something (a version 5 UUID), so another process may come to the same one. */
export const isRepeatable = ({ commandId, requestHash }: CommandContext): boolean =>
  requestHash !== undefined || commandId[14] === '5'

/** How a stream is folded. Pure and total. */
export interface Aggregate<State, Event extends DomainEvent> {
  readonly category: string
  readonly initialState: State
  evolve(state: State, event: RecordedEvent<Event>): State
  /** The same as evolving one after the other, where copying the state once for all of them is cheaper. */
  evolveAll?(state: State, events: readonly RecordedEvent<Event>[]): State
  /** Type of the event that stands on its own: a stream is then loaded from the last one on. */
  readonly snapshotType?: Event['type']
  /** The state just after the snapshot event. */
  fromSnapshot?(event: RecordedEvent<Event>): State
}

export interface Loaded<State> {
  readonly state: State
  /** Revision of the last event; -1 where the stream does not exist. */
  readonly revision: number
}

/** What a command led to. `events` are those of this command, whether written now or by an earlier, equal command. */
export interface CommandOutcome<State, Event extends DomainEvent> extends Loaded<State> {
  readonly events: readonly RecordedEvent<Event>[]
  /** Log position of the last of them; undefined when nothing was to be written. */
  readonly position: bigint | undefined
  readonly replayed: boolean
}

export interface HandleOptions {
  /**
   * The stream most likely does not exist (its id is fresh, or derived from the command): the append is tried without a
   * read before it. Where it does exist after all, it is loaded and decided on.
   */
  readonly expectNew?: boolean
}

export interface LoadOptions {
  /** A state that was known to be the newest at most so long ago is good enough, and costs no read. Default 0. */
  readonly maxAgeMs?: number
  /** A state that holds the event of this revision is good enough, however old it is. */
  readonly including?: number
}

/**
 * load -> decide -> append at the exact revision. On a wrong revision: a tail that holds our ids is a replay; else decide
 * again, at most 3 times with jitter, unless `ifMatch` is set (then `revision_mismatch`). A lost connection during an append
 * is repeated with the same ids. `decide` returns events and may throw FlowledgerError; no events means nothing to do.
 * A refusal, or nothing to do, that was decided on a remembered state is decided once more on the newest one before it counts.
 * `events` of an outcome written just now carry the append's position and the command's time as `recordedAt`.
 */
export interface CommandHandler {
  handle<State, Event extends DomainEvent>(
    aggregate: Aggregate<State, Event>,
    id: string,
    context: CommandContext,
    decide: (state: State, revision: number) => readonly Event[],
    options?: HandleOptions,
  ): Promise<CommandOutcome<State, Event>>
  /** The newest state of a stream, or one that is recent enough. */
  load<State, Event extends DomainEvent>(
    aggregate: Aggregate<State, Event>,
    id: string,
    options?: LoadOptions,
  ): Promise<Loaded<State>>
  /** Forgets what is kept in memory of a stream: the next command reads it. */
  invalidate(stream: string): void
}
