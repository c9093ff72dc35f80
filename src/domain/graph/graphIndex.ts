import type { Definition, Edge, WorkflowNode } from '../definition.js'

/** A definition's graph, ready to be walked. Edges whose ends are not there are left out. */
export interface GraphIndex {
  readonly nodes: readonly WorkflowNode[]
  readonly nodeById: ReadonlyMap<string, WorkflowNode>
  readonly outEdges: (nodeId: string) => readonly Edge[]
  readonly inEdges: (nodeId: string) => readonly Edge[]
}

const none: readonly Edge[] = []

const groupBy = (edges: readonly Edge[], idOf: (edge: Edge) => string): ((id: string) => readonly Edge[]) => {
  const groups = new Map<string, Edge[]>()
  for (const edge of edges) {
    const id = idOf(edge)
    const group = groups.get(id)
    if (group) group.push(edge)
    else groups.set(id, [edge])
  }
  return (id) => groups.get(id) ?? none
}

export const indexGraph = ({ nodes, edges }: Pick<Definition, 'nodes' | 'edges'>): GraphIndex => {
  const nodeById = new Map(nodes.map((node) => [node.id, node]))
  const whole = edges.filter((edge) => nodeById.has(edge.sourceNodeId) && nodeById.has(edge.targetNodeId))
  return {
    nodes: [...nodeById.values()],
    nodeById,
    outEdges: groupBy(whole, (edge) => edge.sourceNodeId),
    inEdges: groupBy(whole, (edge) => edge.targetNodeId),
  }
}
