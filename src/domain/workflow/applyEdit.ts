import type { Edge, WorkflowNode } from '../definition.js'
import type { WorkflowEvent } from '../events/catalogue/index.js'

/** Nodes and edges of a draft by id, in the order in which they were added. */
export interface DraftGraph {
  readonly nodes: ReadonlyMap<string, WorkflowNode>
  readonly edges: ReadonlyMap<string, Edge>
}

interface ChangingGraph {
  readonly nodes: Map<string, WorkflowNode>
  readonly edges: Map<string, Edge>
}

const graphEdits = [
  'NodeAdded',
  'NodeConfigured',
  'NodeRenamed',
  'NodePolicySet',
  'NodeMoved',
  'NodeRemoved',
  'EdgeAdded',
  'EdgeRemoved',
  'DraftEdited',
] as const satisfies WorkflowEvent['type'][]

export const isGraphEdit = ({ type }: WorkflowEvent): boolean => (graphEdits as readonly string[]).includes(type)

const changeNode = ({ nodes }: ChangingGraph, id: string, change: Partial<WorkflowNode>): void => {
  const node = nodes.get(id)
  if (node) nodes.set(id, { ...node, ...change })
}

/** Folds an event into a graph, in place. Total: an event that is no edit of the graph, or about nothing there, changes nothing. */
export const applyEdit = (graph: ChangingGraph, event: WorkflowEvent): void => {
  const { nodes, edges } = graph
  switch (event.type) {
    case 'NodeAdded':
      nodes.set(event.data.node.id, event.data.node)
      return
    case 'NodeConfigured':
      changeNode(graph, event.data.nodeId, { config: event.data.config })
      return
    case 'NodeRenamed':
      changeNode(graph, event.data.nodeId, { key: event.data.key })
      return
    case 'NodePolicySet':
      changeNode(graph, event.data.nodeId, { policy: event.data.policy })
      return
    case 'NodeMoved':
      changeNode(graph, event.data.nodeId, { position: event.data.position })
      return
    case 'NodeRemoved':
      nodes.delete(event.data.nodeId)
      return
    case 'EdgeAdded':
      edges.set(event.data.edge.id, event.data.edge)
      return
    case 'EdgeRemoved':
      edges.delete(event.data.edgeId)
      return
    case 'DraftEdited':
      for (const id of event.data.edgesRemoved) edges.delete(id)
      for (const id of event.data.nodesRemoved) nodes.delete(id)
      for (const { nodeId, ...change } of event.data.nodesChanged)
        changeNode(graph, nodeId, change as Partial<WorkflowNode>)
      for (const node of event.data.nodesAdded) nodes.set(node.id, node)
      for (const edge of event.data.edgesAdded) edges.set(edge.id, edge)
      return
  }
}
