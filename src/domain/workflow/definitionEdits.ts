import { sameJson } from '../canonicalJson.js'
import type { Definition, Edge, WorkflowNode } from '../definition.js'
import type { WorkflowEvent } from '../events/catalogue/index.js'

type Graph = { readonly nodes: ReadonlyMap<string, WorkflowNode>; readonly edges: ReadonlyMap<string, Edge> } & Pick<
  Definition,
  'settings'
>

const notStaying = <T>(items: ReadonlyMap<string, T>, stays: (item: T) => boolean): T[] =>
  [...items.values()].filter((item) => !stays(item))

/** Changes of a node that stays: its key first, so that what follows is said of the new name. */
const nodeEdits = (
  before: WorkflowNode,
  after: WorkflowNode,
): { renamed: WorkflowEvent[]; changed: WorkflowEvent[] } => {
  const { id: nodeId, key, config, policy, position } = after
  const changed: WorkflowEvent[] = []
  if (!sameJson(before.config, config)) changed.push({ type: 'NodeConfigured', data: { nodeId, config } })
  if (!sameJson(before.policy, policy)) changed.push({ type: 'NodePolicySet', data: { nodeId, policy } })
  if (!sameJson(before.position, position)) changed.push({ type: 'NodeMoved', data: { nodeId, position } })
  return { renamed: before.key === key ? [] : [{ type: 'NodeRenamed', data: { nodeId, key } }], changed }
}

/**
 * The fewest edits that lead from one graph to another, matched by id; none where they are equal. Removals come first,
 * additions last. A node's type can't be edited: a node of the same id and another type is removed and added, and so is
 * an edge that joins others than before. While keys are swapped two nodes may share one within the append.
 */
export const definitionEdits = (before: Graph, after: Graph): WorkflowEvent[] => {
  const nodeStays = ({ id }: Pick<WorkflowNode, 'id'>): boolean => {
    const [old, next] = [before.nodes.get(id), after.nodes.get(id)]
    return old !== undefined && next !== undefined && old.type === next.type
  }
  const edgeStays = ({ id, sourceNodeId, targetNodeId }: Edge): boolean => {
    const [old, next] = [before.edges.get(id), after.edges.get(id)]
    const isSame = old !== undefined && next !== undefined && sameJson(old, next)
    return isSame && nodeStays({ id: sourceNodeId }) && nodeStays({ id: targetNodeId })
  }
  const kept = [...after.nodes.values()].flatMap((node) => {
    const old = before.nodes.get(node.id)
    return old && nodeStays(node) ? [nodeEdits(old, node)] : []
  })
  return [
    ...notStaying(before.edges, edgeStays).map(
      ({ id }): WorkflowEvent => ({ type: 'EdgeRemoved', data: { edgeId: id } }),
    ),
    ...notStaying(before.nodes, nodeStays).map(
      ({ id }): WorkflowEvent => ({ type: 'NodeRemoved', data: { nodeId: id } }),
    ),
    ...kept.flatMap(({ renamed }) => renamed),
    ...kept.flatMap(({ changed }) => changed),
    ...notStaying(after.nodes, nodeStays).map((node): WorkflowEvent => ({ type: 'NodeAdded', data: { node } })),
    ...notStaying(after.edges, edgeStays).map((edge): WorkflowEvent => ({ type: 'EdgeAdded', data: { edge } })),
    ...(sameJson(before.settings, after.settings)
      ? []
      : [{ type: 'WorkflowSettingsChanged' as const, data: { settings: after.settings } }]),
  ]
}
