import type { Aggregate } from '../../../src/commands/commandHandler.js'
import type { WorkflowEvent } from '../../../src/domain/events/catalogue/index.js'

/** The smallest aggregate there is: the names that a workflow has had. */
export const names: Aggregate<readonly string[], WorkflowEvent> = {
  category: 'workflow',
  initialState: [],
  evolve: (state, event) => (event.type === 'WorkflowRenamed' ? [...state, event.data.name] : state),
}

export const renamed = (...given: string[]): WorkflowEvent[] =>
  given.map((name) => ({ type: 'WorkflowRenamed', data: { name } }))
