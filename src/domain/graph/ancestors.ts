import type { GraphIndex } from './graphIndex.js'
import { topologicalOrder } from './topologicalOrder.js'

/** Whether one node comes before another on some path; undefined for nodes on or behind a cycle, where nobody can say. */
export type IsAncestor = (ancestorId: string, nodeId: string) => boolean | undefined

const bits = 32

/**
 * The ancestors of all nodes as sets of bits, one pass in topological order: nodes × edges / 32 steps, about a
 * millisecond for the largest graph.
 */
export const ancestorsOf = (graph: GraphIndex): IsAncestor => {
  const order = topologicalOrder(graph)
  const numbers = new Map(order.map((id, number) => [id, number]))
  const words = Math.ceil(order.length / bits)
  const sets = new Uint32Array(order.length * words)
  for (const [number, id] of order.entries()) {
    const row = number * words
    for (const { sourceNodeId } of graph.inEdges(id)) {
      const source = numbers.get(sourceNodeId) as number
      const sourceRow = source * words
      for (let word = 0; word <= source / bits; word += 1) {
        sets[row + word] = (sets[row + word] as number) | (sets[sourceRow + word] as number)
      }
      const own = row + Math.floor(source / bits)
      sets[own] = (sets[own] as number) | (1 << (source % bits))
    }
  }
  return (ancestorId, nodeId) => {
    const [ancestor, node] = [numbers.get(ancestorId), numbers.get(nodeId)]
    if (node === undefined) return undefined
    if (ancestor === undefined) return false
    return ((sets[node * words + Math.floor(ancestor / bits)] as number) & (1 << (ancestor % bits))) !== 0
  }
}
