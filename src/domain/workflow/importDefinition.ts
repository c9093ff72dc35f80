import type { Settings } from '../definition.js'
import { conflict } from '../errors.js'
import type { WorkflowEvent } from '../events/catalogue/index.js'
import { definitionEdits } from './definitionEdits.js'
import { editable } from './lifecycle.js'
import { checkLimits } from './limits.js'
import { refuseAll } from './refusals.js'
import { type ReadyDefinition, resolveDefinition } from './resolveDefinition.js'
import type { Workflow, WorkflowState } from './state.js'

type Graph = Pick<Workflow, 'nodes' | 'edges' | 'settings'>

const editsTo = (draft: Graph, definition: ReadyDefinition): WorkflowEvent[] => {
  const { graph, errors } = resolveDefinition(draft, definition)
  if (errors.length > 0) throw refuseAll('invalid_definition', errors)
  const edits = definitionEdits(draft, graph)
  if (edits.length > 0) checkLimits(graph)
  return edits
}

/** The edits that make the draft this definition; none where it is so already. Throws `invalid_definition` with pointers. */
export const decideImport = (state: WorkflowState, definition: ReadyDefinition): WorkflowEvent[] =>
  editsTo(editable(state), definition)

export interface NewWorkflow {
  readonly workflowId: string
  readonly name: string
  readonly description: string
  readonly settings: Settings
}

/** A new workflow, with its first nodes and edges at once. */
export const decideCreate = (
  state: WorkflowState,
  { workflowId, name, description, settings }: NewWorkflow,
  definition: ReadyDefinition,
): WorkflowEvent[] => {
  if (state) throw conflict('workflow_exists', 'There is a workflow of this id already.')
  const empty: Graph = { nodes: new Map(), edges: new Map(), settings }
  return [{ type: 'WorkflowCreated', data: { workflowId, name, description, settings } }, ...editsTo(empty, definition)]
}
