import type { Edge, WorkflowNode } from '../definition.js'
import type { GraphIndex } from './graphIndex.js'

interface Frame {
  readonly id: string
  readonly edges: readonly Edge[]
  next: number
}

/** Groups of nodes that reach each other, of two or more (Tarjan's algorithm, without recursion: paths are long). */
const knots = (graph: GraphIndex): string[][] => {
  const numbers = new Map<string, number>()
  const lowest = new Map<string, number>()
  const open: string[] = []
  const isOpen = new Set<string>()
  const found: string[][] = []

  const enter = (id: string): Frame => {
    numbers.set(id, numbers.size)
    lowest.set(id, numbers.size - 1)
    open.push(id)
    isOpen.add(id)
    return { id, edges: graph.outEdges(id), next: 0 }
  }
  const lower = (id: string, to: number): unknown => lowest.set(id, Math.min(lowest.get(id) as number, to))

  const close = (id: string): void => {
    if (lowest.get(id) !== numbers.get(id)) return
    const knot = open.splice(open.lastIndexOf(id))
    for (const member of knot) isOpen.delete(member)
    if (knot.length > 1) found.push(knot)
  }

  for (const { id: root } of graph.nodes) {
    if (numbers.has(root)) continue
    const path = [enter(root)]
    for (let frame = path.at(-1); frame; frame = path.at(-1)) {
      const target = frame.edges[frame.next]?.targetNodeId
      frame.next += 1
      if (target === undefined) {
        path.pop()
        close(frame.id)
        const parent = path.at(-1)
        if (parent) lower(parent.id, lowest.get(frame.id) as number)
      } else if (!numbers.has(target)) {
        path.push(enter(target))
      } else if (isOpen.has(target)) {
        lower(frame.id, numbers.get(target) as number)
      }
    }
  }
  return found
}

/** One cycle within a knot: from its first node on, always onwards inside the knot, until a node comes again. */
const cycleIn = (graph: GraphIndex, knot: readonly string[]): string[] => {
  const members = new Set(knot)
  const path: string[] = []
  const at = new Map<string, number>()
  for (let id = knot[0]; id !== undefined; ) {
    const seen = at.get(id)
    if (seen !== undefined) return path.slice(seen)
    at.set(id, path.length)
    path.push(id)
    const here = id
    id = graph.outEdges(id).find((edge) => edge.targetNodeId !== here && members.has(edge.targetNodeId))?.targetNodeId
  }
  return path
}

/** A cycle of every part of the graph that has one, as the nodes in the order of the edges. A self loop is none. */
export const findCycles = (graph: GraphIndex): WorkflowNode[][] =>
  knots(graph).map((knot) =>
    cycleIn(graph, knot).flatMap((id) => {
      const node = graph.nodeById.get(id)
      return node ? [node] : []
    }),
  )
