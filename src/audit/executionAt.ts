import { notFound } from '../domain/errors.js'
import type { ExecutionEvent } from '../domain/events/catalogue/index.js'
import { evolveExecution } from '../domain/execution/evolveExecution.js'
import { absentExecution, type ExecutionState } from '../domain/execution/executionState.js'
import { streamName } from '../domain/streams.js'
import type { EventStore } from '../eventlog/eventStore.js'
import type { Point } from './point.js'
import { checkReached, type Fold, type StateAt, stateAt } from './stateAt.js'

const executionFold: Fold<ExecutionState, ExecutionEvent> = { initialState: absentExecution, evolve: evolveExecution }

/** An execution as it was. Throws `execution_not_found` where it was not there yet, `revision_not_found`. */
export const executionAt = async (store: EventStore, id: string, until?: Point): Promise<StateAt<ExecutionState>> => {
  const at = await stateAt(store, executionFold, streamName('execution', id), until)
  if (at.state.phase === 'absent') throw notFound('execution_not_found', 'There is no such execution at that moment.')
  checkReached(at, until)
  return at
}
