import { notFound } from '../domain/errors.js'
import type { DomainEvent } from '../domain/events/catalogue/index.js'
import type { RecordedEvent } from '../domain/events/recordedEvent.js'
import type { EventStore } from '../eventlog/eventStore.js'
import type { Point } from './point.js'
import { eventsUntil } from './readEvents.js'

/** How events become a state. Pure; what the write side folds with. */
export interface Fold<State, Event extends DomainEvent> {
  readonly initialState: State
  evolve(state: State, event: RecordedEvent<Event>): State
  /** The same for several at once, where that is cheaper. */
  evolveAll?(state: State, events: readonly RecordedEvent<Event>[]): State
}

export interface StateAt<State> {
  readonly state: State
  /** Revision of the last event that had happened by then; -1 where there was none. */
  readonly revision: number
}

const chunk = 500

const foldAll = <State, Event extends DomainEvent>(
  fold: Fold<State, Event>,
  state: State,
  events: readonly RecordedEvent<Event>[],
): State =>
  fold.evolveAll ? fold.evolveAll(state, events) : events.reduce((folded, event) => fold.evolve(folded, event), state)

/** Folds a stream up to a moment. Holds no more than a few hundred events at a time. */
export const stateAt = async <State, Event extends DomainEvent>(
  store: EventStore,
  fold: Fold<State, Event>,
  stream: string,
  until?: Point,
): Promise<StateAt<State>> => {
  let state = fold.initialState
  let revision = -1
  let events: RecordedEvent<Event>[] = []
  const flush = (): void => {
    state = foldAll(fold, state, events)
    revision = events.at(-1)?.revision ?? revision
    events = []
  }
  for await (const event of eventsUntil(store, stream, until)) {
    events.push(event as RecordedEvent<Event>)
    if (events.length === chunk) flush()
  }
  flush()
  return { state, revision }
}

/** A revision that the stream has not reached is nothing that ever was; a time after its last event is its newest state. */
export const checkReached = ({ revision }: StateAt<unknown>, until: Point | undefined): void => {
  if (until !== undefined && 'revision' in until && until.revision > revision)
    throw notFound('revision_not_found', `Its last revision is ${revision}.`)
}
