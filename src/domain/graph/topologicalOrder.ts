import type { GraphIndex } from './graphIndex.js'

/**
 * Ids of the nodes so that every edge leads onwards (Kahn's algorithm). Nodes that lie on a cycle or behind one are left
 * out, so the order is shorter than the graph exactly where it has a cycle. Linear in nodes and edges.
 */
export const topologicalOrder = (graph: GraphIndex): string[] => {
  const open = new Map(graph.nodes.map(({ id }) => [id, graph.inEdges(id).length]))
  const order = graph.nodes.filter(({ id }) => open.get(id) === 0).map(({ id }) => id)
  for (let next = 0; next < order.length; next += 1) {
    for (const { targetNodeId } of graph.outEdges(order[next] as string)) {
      const left = (open.get(targetNodeId) ?? 0) - 1
      open.set(targetNodeId, left)
      if (left === 0) order.push(targetNodeId)
    }
  }
  return order
}
