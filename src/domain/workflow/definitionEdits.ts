import { sameJson } from '../canonicalJson.js'
import type { Definition, Edge, WorkflowNode } from '../definition.js'
import type { WorkflowEvent } from '../events/catalogue/index.js'

type Graph = { readonly nodes: ReadonlyMap<string, WorkflowNode>; readonly edges: ReadonlyMap<string, Edge> } & Pick<
  Definition,
  'settings'
>

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
  const stays = (id: string): boolean => {
    const [old, next] = [before.nodes.get(id), after.nodes.get(id)]
    return old !== undefined && next !== undefined && old.type === next.type
  }
  const edgeStays = (edge: Edge): boolean => {
    const [old, next] = [before.edges.get(edge.id), after.edges.get(edge.id)]
    return (
      old !== undefined &&
      next !== undefined &&
      sameJson(old, next) &&
      stays(edge.sourceNodeId) &&
      stays(edge.targetNodeId)
    )
  }
  const kept = [...after.nodes.values()].flatMap((node) => {
    const old = before.nodes.get(node.id)
    return old && stays(node.id) ? [nodeEdits(old, node)] : []
  })
  const of = <T>(
    values: Iterable<T>,
    isGone: (value: T) => boolean,
    event: (value: T) => WorkflowEvent,
  ): WorkflowEvent[] => [...values].filter(isGone).map(event)
  return [
    ...of(
      before.edges.values(),
      (edge) => !edgeStays(edge),
      ({ id }) => ({ type: 'EdgeRemoved', data: { edgeId: id } }),
    ),
    ...of(
      before.nodes.values(),
      ({ id }) => !stays(id),
      ({ id }) => ({ type: 'NodeRemoved', data: { nodeId: id } }),
    ),
    ...kept.flatMap(({ renamed }) => renamed),
    ...kept.flatMap(({ changed }) => changed),
    ...of(
      after.nodes.values(),
      ({ id }) => !stays(id),
      (node) => ({ type: 'NodeAdded', data: { node } }),
    ),
    ...of(
      after.edges.values(),
      (edge) => !edgeStays(edge),
      (edge) => ({ type: 'EdgeAdded', data: { edge } }),
    ),
    ...(sameJson(before.settings, after.settings)
      ? []
      : [{ type: 'WorkflowSettingsChanged' as const, data: { settings: after.settings } }]),
  ]
}
