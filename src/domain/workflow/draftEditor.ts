import { sameJson } from '../canonicalJson.js'
import type { Edge, WorkflowNode } from '../definition.js'
import type { InputError } from '../errors.js'
import type { WorkflowEvent } from '../events/catalogue/index.js'
import type { Edit } from './edits.js'
import { checkLimits } from './limits.js'
import type { Workflow } from './state.js'

/** An edit whose new node or edge has its id, so that deciding it twice comes to the same. */
export type ReadyEdit =
  | Exclude<Edit, { op: 'addNode' | 'addEdge' }>
  | (Extract<Edit, { op: 'addNode' | 'addEdge' }> & { id: string })

/** Applies edits one after the other to a copy of a draft and gathers the events that they come to. */
export interface DraftEditor {
  /** What is wrong with the edit, with pointers into it; then it changes nothing. */
  apply(edit: ReadyEdit): InputError[]
  /** Throws where the draft has grown over its limits. */
  finish(): readonly WorkflowEvent[]
}

type OpOf<T extends ReadyEdit['op']> = Extract<ReadyEdit, { op: T }>

export const createDraftEditor = (workflow: Workflow): DraftEditor => {
  const nodes = new Map(workflow.nodes)
  const edges = new Map(workflow.edges)
  const idByKey = new Map([...nodes.values()].map(({ id, key }) => [key, id]))
  let { name, description, settings } = workflow
  const events: WorkflowEvent[] = []

  const find = (reference: string): WorkflowNode | undefined =>
    nodes.get(reference) ?? nodes.get(idByKey.get(reference) ?? '')

  /** Changes a node unless it is so already. */
  const change = (
    reference: string,
    part: Partial<WorkflowNode>,
    event: (nodeId: string) => WorkflowEvent,
  ): InputError[] => {
    const node = find(reference)
    if (!node) return [{ pointer: '/nodeId', code: 'node_not_found', detail: `there is no node ${reference}` }]
    const changed = { ...node, ...part }
    if (sameJson(node, changed)) return []
    nodes.set(node.id, changed)
    events.push(event(node.id))
    return []
  }

  const addNode = ({
    id,
    key,
    type,
    config = {},
    position = { x: 0, y: 0 },
    policy = {},
  }: OpOf<'addNode'>): InputError[] => {
    const errors: InputError[] = []
    if (nodes.has(id)) errors.push({ pointer: '/id', code: 'duplicate_id', detail: `there is a node ${id} already` })
    if (idByKey.has(key))
      errors.push({ pointer: '/key', code: 'duplicate_key', detail: `there is a node ${key} already` })
    if (errors.length > 0) return errors
    const node = { id, key, type, config, position, policy }
    nodes.set(id, node)
    idByKey.set(key, id)
    events.push({ type: 'NodeAdded', data: { node } })
    return []
  }

  const renameNode = ({ nodeId, key }: OpOf<'renameNode'>): InputError[] => {
    const node = find(nodeId)
    const holder = idByKey.get(key)
    if (node && holder !== undefined && holder !== node.id) {
      return [{ pointer: '/key', code: 'duplicate_key', detail: `there is a node ${key} already`, nodeId: holder }]
    }
    const errors = change(nodeId, { key }, (id) => ({ type: 'NodeRenamed', data: { nodeId: id, key } }))
    if (node && errors.length === 0) {
      idByKey.delete(node.key)
      idByKey.set(key, node.id)
    }
    return errors
  }

  const removeNode = ({ nodeId }: OpOf<'removeNode'>): InputError[] => {
    const node = find(nodeId)
    if (!node) return [{ pointer: '/nodeId', code: 'node_not_found', detail: `there is no node ${nodeId}` }]
    for (const edge of edges.values()) {
      if (edge.sourceNodeId !== node.id && edge.targetNodeId !== node.id) continue
      edges.delete(edge.id)
      events.push({ type: 'EdgeRemoved', data: { edgeId: edge.id } })
    }
    nodes.delete(node.id)
    idByKey.delete(node.key)
    events.push({ type: 'NodeRemoved', data: { nodeId: node.id } })
    return []
  }

  const addEdge = ({ id, sourceNodeId, sourcePort = 'out', targetNodeId }: OpOf<'addEdge'>): InputError[] => {
    const errors: InputError[] = []
    if (edges.has(id)) errors.push({ pointer: '/id', code: 'duplicate_id', detail: `there is an edge ${id} already` })
    const [source, target] = [find(sourceNodeId), find(targetNodeId)]
    const dangling = (pointer: string, reference: string): number =>
      errors.push({ pointer, code: 'dangling_edge', detail: `there is no node ${reference}` })
    if (!source) dangling('/sourceNodeId', sourceNodeId)
    if (!target) dangling('/targetNodeId', targetNodeId)
    if (!source || !target || errors.length > 0) return errors
    const edge: Edge = { id, sourceNodeId: source.id, sourcePort, targetNodeId: target.id }
    edges.set(id, edge)
    events.push({ type: 'EdgeAdded', data: { edge } })
    return []
  }

  const removeEdge = ({ edgeId }: OpOf<'removeEdge'>): InputError[] => {
    if (!edges.delete(edgeId)) {
      return [{ pointer: '/edgeId', code: 'edge_not_found', detail: `there is no edge ${edgeId}` }]
    }
    events.push({ type: 'EdgeRemoved', data: { edgeId } })
    return []
  }

  const apply = (edit: ReadyEdit): InputError[] => {
    switch (edit.op) {
      case 'addNode':
        return addNode(edit)
      case 'configureNode': {
        const { config } = edit
        return change(edit.nodeId, { config }, (nodeId) => ({ type: 'NodeConfigured', data: { nodeId, config } }))
      }
      case 'renameNode':
        return renameNode(edit)
      case 'setNodePolicy': {
        const { policy } = edit
        return change(edit.nodeId, { policy }, (nodeId) => ({ type: 'NodePolicySet', data: { nodeId, policy } }))
      }
      case 'moveNode': {
        const { position } = edit
        return change(edit.nodeId, { position }, (nodeId) => ({ type: 'NodeMoved', data: { nodeId, position } }))
      }
      case 'removeNode':
        return removeNode(edit)
      case 'addEdge':
        return addEdge(edit)
      case 'removeEdge':
        return removeEdge(edit)
      case 'rename':
        if (edit.name !== name) events.push({ type: 'WorkflowRenamed', data: { name: edit.name } })
        name = edit.name
        return []
      case 'describe':
        if (edit.description !== description) {
          events.push({ type: 'WorkflowDescribed', data: { description: edit.description } })
        }
        description = edit.description
        return []
      case 'changeSettings':
        if (!sameJson(edit.settings, settings)) {
          events.push({ type: 'WorkflowSettingsChanged', data: { settings: edit.settings } })
        }
        settings = edit.settings
        return []
    }
  }

  return {
    apply,
    finish: () => {
      if (events.length > 0) checkLimits({ nodes, edges, settings })
      return events
    },
  }
}
