import { sameJson } from '../canonicalJson.js'
import type { Edge, WorkflowNode } from '../definition.js'
import type { InputError } from '../errors.js'
import type { WorkflowEvent } from '../events/catalogue/index.js'
import type { OpOf } from './readyEdit.js'

/** The nodes and edges of a draft while it is edited. Edits name nodes by id or key; each says what is wrong, or emits its events. */
export interface DraftGraph {
  readonly nodes: ReadonlyMap<string, WorkflowNode>
  readonly edges: ReadonlyMap<string, Edge>
  /** Changes a node unless it is so already. */
  change(reference: string, part: Partial<WorkflowNode>, event: (nodeId: string) => WorkflowEvent): InputError[]
  addNode(edit: OpOf<'addNode'>): InputError[]
  renameNode(edit: OpOf<'renameNode'>): InputError[]
  removeNode(edit: OpOf<'removeNode'>): InputError[]
  addEdge(edit: OpOf<'addEdge'>): InputError[]
  removeEdge(edit: OpOf<'removeEdge'>): InputError[]
}

type Graph = Pick<DraftGraph, 'nodes' | 'edges'>

export const createDraftGraph = (before: Graph, emit: (event: WorkflowEvent) => void): DraftGraph => {
  const nodes = new Map(before.nodes)
  const edges = new Map(before.edges)
  const idByKey = new Map([...nodes.values()].map(({ id, key }) => [key, id]))

  const find = (reference: string): WorkflowNode | undefined =>
    nodes.get(reference) ?? nodes.get(idByKey.get(reference) ?? '')

  const change = (
    reference: string,
    part: Partial<WorkflowNode>,
    event: (nodeId: string) => WorkflowEvent,
  ): InputError[] => {
    const node = find(reference)
    if (!node) return [{ pointer: '/nodeId', code: 'node_not_found', detail: `There is no node ${reference}.` }]
    const changed = { ...node, ...part }
    if (sameJson(node, changed)) return []
    nodes.set(node.id, changed)
    emit(event(node.id))
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
    if (nodes.has(id)) errors.push({ pointer: '/id', code: 'duplicate_id', detail: `There is a node ${id} already.` })
    if (idByKey.has(key))
      errors.push({ pointer: '/key', code: 'duplicate_key', detail: `There is a node ${key} already.` })
    if (errors.length > 0) return errors
    const node = { id, key, type, config, position, policy }
    nodes.set(id, node)
    idByKey.set(key, id)
    emit({ type: 'NodeAdded', data: { node } })
    return []
  }

  const renameNode = ({ nodeId, key }: OpOf<'renameNode'>): InputError[] => {
    const node = find(nodeId)
    const holder = idByKey.get(key)
    if (node && holder !== undefined && holder !== node.id) {
      return [{ pointer: '/key', code: 'duplicate_key', detail: `There is a node ${key} already.`, nodeId: holder }]
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
    if (!node) return [{ pointer: '/nodeId', code: 'node_not_found', detail: `There is no node ${nodeId}.` }]
    for (const edge of edges.values()) {
      if (edge.sourceNodeId !== node.id && edge.targetNodeId !== node.id) continue
      edges.delete(edge.id)
      emit({ type: 'EdgeRemoved', data: { edgeId: edge.id } })
    }
    nodes.delete(node.id)
    idByKey.delete(node.key)
    emit({ type: 'NodeRemoved', data: { nodeId: node.id } })
    return []
  }

  const addEdge = ({ id, sourceNodeId, sourcePort = 'out', targetNodeId }: OpOf<'addEdge'>): InputError[] => {
    const errors: InputError[] = []
    if (edges.has(id)) errors.push({ pointer: '/id', code: 'duplicate_id', detail: `There is an edge ${id} already.` })
    const [source, target] = [find(sourceNodeId), find(targetNodeId)]
    const dangling = (pointer: string, reference: string): number =>
      errors.push({ pointer, code: 'dangling_edge', detail: `There is no node ${reference}.` })
    if (!source) dangling('/sourceNodeId', sourceNodeId)
    if (!target) dangling('/targetNodeId', targetNodeId)
    if (!source || !target || errors.length > 0) return errors
    const edge: Edge = { id, sourceNodeId: source.id, sourcePort, targetNodeId: target.id }
    edges.set(id, edge)
    emit({ type: 'EdgeAdded', data: { edge } })
    return []
  }

  const removeEdge = ({ edgeId }: OpOf<'removeEdge'>): InputError[] => {
    if (!edges.delete(edgeId)) {
      return [{ pointer: '/edgeId', code: 'edge_not_found', detail: `There is no edge ${edgeId}.` }]
    }
    emit({ type: 'EdgeRemoved', data: { edgeId } })
    return []
  }

  return { nodes, edges, change, addNode, renameNode, removeNode, addEdge, removeEdge }
}
