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

const check = (code: string, what: 'nodes' | 'edges' | 'bytes', actual: number): void => {
  const limit = definitionLimits[what]
  if (actual <= limit) return
  const detail = `The definition would have ${actual} ${what}; it may have at most ${limit}.`
  throw new FlowledgerError('tooLarge', code, detail, [], { [what]: actual, limit })
}

/** Throws `too_many_nodes`, `too_many_edges`, `definition_too_large`. */
export const checkLimits = (graph: Graph): void => {
  check('too_many_nodes', 'nodes', graph.nodes.size)
  check('too_many_edges', 'edges', graph.edges.size)
  check('definition_too_large', 'bytes', definitionBytes(graph))
}
