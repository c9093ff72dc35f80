import type { Edit, NewDefinition } from '../../domain/workflow/edits.js'
import type { ReadyEdit } from '../../domain/workflow/readyEdit.js'
import type { ReadyDefinition } from '../../domain/workflow/resolveDefinition.js'
import type { IdSource } from '../ports.js'
import type { ChangeNode, ChangeWorkflow } from './workflowCommands.js'

/** Ids are drawn before anything is decided, so that deciding again comes to the same. */
export const readyEdit = (edit: Edit, ids: IdSource): ReadyEdit =>
  edit.op === 'addNode' || edit.op === 'addEdge' ? { ...edit, id: edit.id ?? ids.next() } : edit

export const readyDefinition = ({ nodes, edges, settings }: NewDefinition, ids: IdSource): ReadyDefinition => ({
  nodes: nodes.map((node) => ({ ...node, id: node.id ?? ids.next(), given: node.id !== undefined })),
  edges: edges.map((edge) => ({ ...edge, id: edge.id ?? ids.next(), given: edge.id !== undefined })),
  settings,
})

export const workflowEdits = ({ name, description, settings }: ChangeWorkflow): ReadyEdit[] => [
  ...(name === undefined ? [] : [{ op: 'rename' as const, name }]),
  ...(description === undefined ? [] : [{ op: 'describe' as const, description }]),
  ...(settings === undefined ? [] : [{ op: 'changeSettings' as const, settings }]),
]

export const nodeEdits = (nodeId: string, { key, config, position, policy }: ChangeNode): ReadyEdit[] => [
  ...(config === undefined ? [] : [{ op: 'configureNode' as const, nodeId, config }]),
  ...(policy === undefined ? [] : [{ op: 'setNodePolicy' as const, nodeId, policy }]),
  ...(position === undefined ? [] : [{ op: 'moveNode' as const, nodeId, position }]),
  // Last: the node may be named by its old key.
  ...(key === undefined ? [] : [{ op: 'renameNode' as const, nodeId, key }]),
]
