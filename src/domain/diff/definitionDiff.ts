import type { Definition, Edge, Position, WorkflowNode } from '../definition.js'
import type { JsonValue } from '../json.js'
import { diffValues, type FieldChange } from './valueDiff.js'

/** A node that is in both, with what differs in its key, type, config or policy. Pointers lead from the node: `/config/url`. */
export interface NodeChange {
  readonly nodeId: string
  /** As it is called after. */
  readonly key: string
  readonly changes: readonly FieldChange[]
}

export interface NodeMove {
  readonly nodeId: string
  readonly key: string
  readonly from: Position
  readonly to: Position
}

/** An edge with the keys of its nodes, by which people know them. */
export interface NamedEdge extends Edge {
  readonly sourceKey: string
  readonly targetKey: string
}

export interface EdgeChange extends Pick<NamedEdge, 'sourceKey' | 'targetKey'> {
  readonly edgeId: string
  readonly changes: readonly FieldChange[]
}

/** Two definitions, compared by the ids of their nodes and edges. */
export interface DefinitionDiff {
  readonly nodes: {
    readonly added: readonly WorkflowNode[]
    readonly removed: readonly WorkflowNode[]
    readonly changed: readonly NodeChange[]
    readonly moved: readonly NodeMove[]
  }
  readonly edges: {
    readonly added: readonly NamedEdge[]
    readonly removed: readonly NamedEdge[]
    readonly changed: readonly EdgeChange[]
  }
  readonly settings: readonly FieldChange[]
}

type Identified = { readonly id: string }

const byId = <T extends Identified>(items: readonly T[]): Map<string, T> =>
  new Map(items.map((item) => [item.id, item]))

const compare = <T extends Identified>(before: readonly T[], after: readonly T[]) => {
  const [old, next] = [byId(before), byId(after)]
  return {
    added: after.filter(({ id }) => !old.has(id)),
    removed: before.filter(({ id }) => !next.has(id)),
    kept: after.flatMap((item): { before: T; after: T }[] => {
      const match = old.get(item.id)
      return match ? [{ before: match, after: item }] : []
    }),
  }
}

const meaning = ({ key, type, config, policy }: WorkflowNode): JsonValue => ({ key, type, config, policy }) as JsonValue

const nodeChange = (before: WorkflowNode, after: WorkflowNode): NodeChange[] => {
  const changes = diffValues(meaning(before), meaning(after))
  return changes.length === 0 ? [] : [{ nodeId: after.id, key: after.key, changes }]
}

const nodeMove = ({ position: from }: WorkflowNode, { id: nodeId, key, position: to }: WorkflowNode): NodeMove[] =>
  from.x === to.x && from.y === to.y ? [] : [{ nodeId, key, from, to }]

/** The keys of an edge's nodes in a definition; an id where it has no such node. */
const keysIn = ({ nodes }: Definition) => {
  const keys = new Map(nodes.map(({ id, key }) => [id, key]))
  return ({ sourceNodeId, targetNodeId }: Edge): Pick<NamedEdge, 'sourceKey' | 'targetKey'> => ({
    sourceKey: keys.get(sourceNodeId) ?? sourceNodeId,
    targetKey: keys.get(targetNodeId) ?? targetNodeId,
  })
}

const diffEdges = (before: Definition, after: Definition): DefinitionDiff['edges'] => {
  const { added, removed, kept } = compare(before.edges, after.edges)
  const [keysBefore, keysAfter] = [keysIn(before), keysIn(after)]
  return {
    added: added.map((edge) => ({ ...edge, ...keysAfter(edge) })),
    removed: removed.map((edge) => ({ ...edge, ...keysBefore(edge) })),
    changed: kept.flatMap((pair) => {
      const changes = diffValues(pair.before, pair.after)
      return changes.length === 0 ? [] : [{ edgeId: pair.after.id, ...keysAfter(pair.after), changes }]
    }),
  }
}

/** What it takes to come from one definition to the other. Order does not count. */
export const diffDefinitions = (before: Definition, after: Definition): DefinitionDiff => {
  const nodes = compare(before.nodes, after.nodes)
  return {
    nodes: {
      added: nodes.added,
      removed: nodes.removed,
      changed: nodes.kept.flatMap((pair) => nodeChange(pair.before, pair.after)),
      moved: nodes.kept.flatMap((pair) => nodeMove(pair.before, pair.after)),
    },
    edges: diffEdges(before, after),
    settings: diffValues(before.settings as JsonValue, after.settings as JsonValue),
  }
}
