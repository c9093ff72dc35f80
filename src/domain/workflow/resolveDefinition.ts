import type { Edge, WorkflowNode } from '../definition.js'
import type { InputError } from '../errors.js'
import type { NewDefinition, NewEdge, NewNode } from './edits.js'
import type { Workflow } from './state.js'

/** A definition whose new nodes and edges have the ids that they get unless they are found to be there already. */
export interface ReadyDefinition {
  readonly nodes: readonly (NewNode & { id: string; given: boolean })[]
  readonly edges: readonly (NewEdge & { id: string; given: boolean })[]
  readonly settings?: NewDefinition['settings']
}

type Graph = Pick<Workflow, 'nodes' | 'edges' | 'settings'>

export interface ResolvedDefinition {
  readonly graph: Graph
  readonly errors: readonly InputError[]
}

type Names = ReadonlyMap<string, string>

const edgeKey = ({ sourceNodeId, sourcePort, targetNodeId }: Omit<Edge, 'id'>): string =>
  `${sourceNodeId}/${targetNodeId}/${sourcePort}`

/** Nodes of the draft that the definition means: by id where it gives one that is there, else by key. */
const matchNodes = (draft: Graph, nodes: ReadyDefinition['nodes']): (WorkflowNode | undefined)[] => {
  const named = new Set(nodes.filter(({ id, given }) => given && draft.nodes.has(id)).map(({ id }) => id))
  const byKey = new Map([...draft.nodes.values()].filter(({ id }) => !named.has(id)).map((node) => [node.key, node]))
  return nodes.map((node) => {
    if (named.has(node.id)) return draft.nodes.get(node.id)
    const match = byKey.get(node.key)
    return match?.type === node.type ? match : undefined
  })
}

const resolveNodes = (draft: Graph, nodes: ReadyDefinition['nodes'], errors: InputError[]) => {
  const matches = matchNodes(draft, nodes)
  const result = new Map<string, WorkflowNode>()
  /** Ids and keys of the definition, and the ids that they stand for. */
  const names = new Map<string, string>()
  const givenIds = new Set<string>()
  for (const [index, node] of nodes.entries()) {
    const match = matches[index]
    const id = match?.id ?? node.id
    const { key, type, config = {}, policy = {}, position = match?.position ?? { x: 0, y: 0 } } = node
    const pointer = `/nodes/${index}`
    if (givenIds.has(node.id)) {
      errors.push({ pointer: `${pointer}/id`, code: 'duplicate_id', detail: `Another node has the id ${node.id}.` })
    }
    if (names.has(key)) {
      errors.push({ pointer: `${pointer}/key`, code: 'duplicate_key', detail: `Another node has the key ${key}.` })
    }
    if (givenIds.has(node.id) || names.has(key)) continue
    givenIds.add(node.id)
    names.set(node.id, id).set(id, id).set(key, id)
    result.set(id, { id, key, type, config, position, policy })
  }
  return { nodes: result, names }
}

const resolveEdges = (draft: Graph, edges: ReadyDefinition['edges'], names: Names, errors: InputError[]) => {
  const given = new Set(edges.filter((edge) => edge.given).map(({ id }) => id))
  /** Edges of the draft that the definition does not name by id, by what they join. */
  const free = new Map<string, string[]>()
  for (const edge of draft.edges.values()) {
    if (given.has(edge.id)) continue
    const key = edgeKey(edge)
    const ids = free.get(key)
    if (ids) ids.push(edge.id)
    else free.set(key, [edge.id])
  }
  const result = new Map<string, Edge>()

  const idFor = (edge: ReadyDefinition['edges'][number], key: string): string => {
    if (edge.given && draft.edges.has(edge.id)) return edge.id
    return free.get(key)?.shift() ?? edge.id
  }

  for (const [index, edge] of edges.entries()) {
    const pointer = `/edges/${index}`
    const [sourceNodeId, targetNodeId] = [names.get(edge.sourceNodeId), names.get(edge.targetNodeId)]
    const dangling = (end: string, reference: string): number =>
      errors.push({ pointer: `${pointer}/${end}`, code: 'dangling_edge', detail: `There is no node ${reference}.` })
    if (sourceNodeId === undefined) dangling('sourceNodeId', edge.sourceNodeId)
    if (targetNodeId === undefined) dangling('targetNodeId', edge.targetNodeId)
    if (sourceNodeId === undefined || targetNodeId === undefined) continue
    const ends = { sourceNodeId, sourcePort: edge.sourcePort ?? 'out', targetNodeId }
    const id = idFor(edge, edgeKey(ends))
    if (result.has(id)) {
      errors.push({ pointer: `${pointer}/id`, code: 'duplicate_id', detail: `Another edge has the id ${id}.` })
      continue
    }
    result.set(id, { id, ...ends })
  }
  return result
}

/**
 * What the draft is to become. Nodes and edges that are there already keep their ids: a node is found by its id, else by
 * its key (of the same type); an edge by its id, else by what it joins. A node without a position stays where it is.
 */
export const resolveDefinition = (draft: Graph, definition: ReadyDefinition): ResolvedDefinition => {
  const errors: InputError[] = []
  const { nodes, names } = resolveNodes(draft, definition.nodes, errors)
  const edges = resolveEdges(draft, definition.edges, names, errors)
  return { graph: { nodes, edges, settings: definition.settings ?? draft.settings }, errors }
}
