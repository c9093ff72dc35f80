import type { Edge, WorkflowNode } from '../../domain/definition.js'
import type { JsonObject } from '../../domain/json.js'
import type { LoggedEvent } from '../resources.js'

/** What events say of nodes and edges, as far as it names them; they hold much more. */
interface Naming {
  readonly nodeId?: string
  readonly key?: string
  readonly node?: WorkflowNode
  readonly edge?: Edge
  readonly edgeId?: string
  readonly snapshot?: { readonly nodes: readonly WorkflowNode[]; readonly edges: readonly Edge[] }
  readonly nodesAdded?: readonly WorkflowNode[]
  readonly edgesAdded?: readonly Edge[]
}

const none: readonly never[] = []

/**
 * Says which node or edge an event is about, by the keys of nodes, by which people know them. To be asked of events in their order:
 * names are those that earlier ones gave, an id where none did.
 */
export const createSubjects = (): ((event: Pick<LoggedEvent, 'data'>) => string | null) => {
  const keys = new Map<string, string>()
  const edges = new Map<string, Edge>()

  const learn = ({ nodeId, key, node, edge, snapshot, nodesAdded = none, edgesAdded = none }: Naming): void => {
    if (nodeId !== undefined && key !== undefined) keys.set(nodeId, key)
    for (const each of [...(node ? [node] : none), ...(snapshot?.nodes ?? none), ...nodesAdded])
      keys.set(each.id, each.key)
    for (const each of [...(edge ? [edge] : none), ...(snapshot?.edges ?? none), ...edgesAdded])
      edges.set(each.id, each)
  }

  const keyOf = (id: string): string => keys.get(id) ?? id
  const edgeName = (id: string): string => {
    const edge = edges.get(id)
    return edge ? `${keyOf(edge.sourceNodeId)}.${edge.sourcePort} -> ${keyOf(edge.targetNodeId)}` : id
  }

  return ({ data }) => {
    const naming = data as Naming
    const nodeId = naming.nodeId ?? naming.node?.id
    const edgeId = naming.edgeId ?? naming.edge?.id
    // One that is renamed is known by the name that it had.
    const before = nodeId === undefined ? undefined : keys.get(nodeId)
    learn(naming)
    if (nodeId !== undefined) return before ?? keyOf(nodeId)
    return edgeId === undefined ? null : edgeName(edgeId)
  }
}

const named = new Set(['nodeId', 'nodeType', 'edge', 'edgeId', 'executionId', 'versionId', 'inputFrom'])

/** What is left to show of an event whose subject is named. */
export const restOf = (data: JsonObject, subject: string | null): JsonObject => {
  const { node, ...members } = data
  const rest = Object.entries(members).filter(
    ([name, value]) => !named.has(name) && !(name === 'key' && value === subject),
  )
  if (node === undefined) return Object.fromEntries(rest)
  const { type, config, policy } = node as unknown as WorkflowNode
  return { type, config, policy } as JsonObject
}
