import type { RecordedEvent } from '../domain/events/recordedEvent.js'
import type { EventStore } from '../eventlog/eventStore.js'
import type { Point } from './point.js'
import { eventsUntil } from './readEvents.js'

/** How events become a state. Pure; what the write side folds with. */
export interface Fold<State> {
  readonly initialState: State
  evolve(state: State, event: RecordedEvent<never>): State
}

export interface StateAt<State> {
  readonly state: State
  /** Revision of the last event that had happened by then. */
  readonly revision: number
}

/** Folds a stream up to a moment; undefined where nothing had happened by then. */
export const stateAt = async <State>(
  store: EventStore,
  fold: Fold<State>,
  stream: string,
  until?: Point,
): Promise<StateAt<State> | undefined> => {
  let state = fold.initialState
  let revision = -1
  for await (const event of eventsUntil(store, stream, until)) {
    state = fold.evolve(state, event as RecordedEvent<never>)
    revision = event.revision
  }
  return revision < 0 ? undefined : { state, revision }
}
