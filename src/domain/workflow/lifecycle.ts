import type { WorkflowNode } from '../definition.js'
import { conflict, type InputError, notFound } from '../errors.js'
import type { WorkflowEvent } from '../events/catalogue/index.js'
import { createDraftEditor } from './draftEditor.js'
import type { ReadyEdit } from './readyEdit.js'
import { below, refuseAll, refuseEdit } from './refusals.js'
import type { Workflow, WorkflowState } from './state.js'

/** Throws `workflow_not_found`. */
export const existing = (state: WorkflowState): Workflow => {
  if (!state) throw notFound('workflow_not_found', 'There is no such workflow.')
  return state
}

/** By id or key. Throws `node_not_found`. */
export const findNode = ({ nodes }: Workflow, reference: string): WorkflowNode => {
  const node = nodes.get(reference) ?? [...nodes.values()].find(({ key }) => key === reference)
  if (!node) throw notFound('node_not_found', `There is no node ${reference}.`)
  return node
}

/** What an archived workflow refuses. Throws `workflow_not_found`, `workflow_archived`. */
export const editable = (state: WorkflowState): Workflow => {
  const workflow = existing(state)
  if (workflow.archived) throw conflict('workflow_archived', 'The workflow is archived; restore it first.')
  return workflow
}

export const decideArchive = (state: WorkflowState): WorkflowEvent[] =>
  existing(state).archived ? [] : [{ type: 'WorkflowArchived', data: {} }]

export const decideRestore = (state: WorkflowState): WorkflowEvent[] =>
  existing(state).archived ? [{ type: 'WorkflowRestored', data: {} }] : []

const applyAll = (
  workflow: Workflow,
  edits: readonly ReadyEdit[],
  refuse: (errors: readonly InputError[]) => Error,
  pointerOf: (index: number) => string,
): readonly WorkflowEvent[] => {
  const editor = createDraftEditor(workflow)
  const errors = edits.flatMap((edit, index) => below(pointerOf(index), editor.apply(edit)))
  if (errors.length > 0) throw refuse(errors)
  return editor.finish()
}

/**
 * One change of one thing, which may come to several edits. Its errors point into the request's body. Throws as
 * WorkflowCommands says.
 */
export const decideChange = (state: WorkflowState, edits: readonly ReadyEdit[]): readonly WorkflowEvent[] =>
  applyAll(editable(state), edits, refuseEdit, () => '')

/** Many edits, all or nothing. Throws `invalid_edits` with a pointer `/edits/<index>/…` for every error. */
export const decideEdits = (state: WorkflowState, edits: readonly ReadyEdit[]): readonly WorkflowEvent[] =>
  applyAll(
    editable(state),
    edits,
    (errors) => refuseAll('invalid_edits', errors),
    (index) => `/edits/${index}`,
  )
