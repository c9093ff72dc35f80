import { canonicalJson } from '../canonicalJson.js'
import { definitionLimits } from '../definition.js'
import { FlowledgerError } from '../errors.js'
import type { Workflow } from './state.js'

/** Nodes and edges are never changed in place, so each is measured once. */
const sizes = new WeakMap<object, number>()

const sizeOf = (part: object): number => {
  const known = sizes.get(part)
  if (known !== undefined) return known
  const size = Buffer.byteLength(canonicalJson(part))
  sizes.set(part, size)
  return size
}

type Graph = Pick<Workflow, 'nodes' | 'edges' | 'settings'>

/** Bytes of the definition's canonical JSON. */
const definitionBytes = ({ nodes, edges, settings }: Graph): number => {
  let bytes = '{"edges":[],"nodes":[],"settings":}'.length + sizeOf(settings)
  for (const node of nodes.values()) bytes += sizeOf(node) + 1
  for (const edge of edges.values()) bytes += sizeOf(edge) + 1
  return bytes - (nodes.size > 0 ? 1 : 0) - (edges.size > 0 ? 1 : 0)
}

const tooLarge = (code: string, what: string, limit: number): FlowledgerError =>
  new FlowledgerError('tooLarge', code, `a definition has at most ${limit} ${what}`, [], { limit })

/** Throws `too_many_nodes`, `too_many_edges`, `definition_too_large`. */
export const checkLimits = (graph: Graph): void => {
  if (graph.nodes.size > definitionLimits.nodes) throw tooLarge('too_many_nodes', 'nodes', definitionLimits.nodes)
  if (graph.edges.size > definitionLimits.edges) throw tooLarge('too_many_edges', 'edges', definitionLimits.edges)
  if (definitionBytes(graph) > definitionLimits.bytes) {
    throw tooLarge('definition_too_large', 'bytes', definitionLimits.bytes)
  }
}
