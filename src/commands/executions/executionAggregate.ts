import type { ExecutionEvent } from '../../domain/events/catalogue/index.js'
import { evolveAllExecution, evolveExecution } from '../../domain/execution/evolveExecution.js'
import { absentExecution, type ExecutionState } from '../../domain/execution/executionState.js'
import type { Aggregate } from '../commandHandler.js'

/** Stream `execution-<uuid>`. */
export const executionAggregate: Aggregate<ExecutionState, ExecutionEvent> = {
  category: 'execution',
  initialState: absentExecution,
  evolve: evolveExecution,
  evolveAll: evolveAllExecution,
}
