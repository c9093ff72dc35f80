import type { Definition, Edge, Join, Policy, WorkflowNode } from '../definition.js'
import type { ExpressionEngine } from '../expressions/expressionEngine.js'
import { findExpressions } from '../expressions/findExpressions.js'
import { isCostly, runsInline } from '../expressions/inline.js'
import type { ExecutableNodeType, ExecutableNodeTypes } from '../nodes/behaviour.js'
import { portsOf } from '../nodes/nodeType.js'

/** How a node is carried out. A pure or waiting node whose expressions are costly is `attempted` like one with a side effect. */
export type NodeMode = 'trigger' | 'inline' | 'attempted' | 'wait'

export interface PlannedNode {
  readonly index: number
  readonly node: WorkflowNode
  readonly type: ExecutableNodeType
  readonly mode: NodeMode
  /** Whether its attempts wait for one of the threads for users' code. */
  readonly needsThread: boolean
  readonly policy: Policy
  readonly join: Join
  readonly inEdges: readonly PlannedEdge[]
  readonly outEdges: readonly PlannedEdge[]
  readonly ports: readonly string[]
  /** Ports with an edge. */
  readonly connected: ReadonlySet<string>
  /** Nodes whose outputs its expressions read, as they are named there. */
  readonly reads: readonly { readonly key: string; readonly nodeId: string }[]
  readonly secrets: readonly string[]
}

export interface PlannedEdge {
  readonly edge: Edge
  readonly source: number
  readonly target: number
}

/** A definition indexed for running it: made once per version. */
export interface RunPlan {
  readonly definition: Definition
  readonly nodes: readonly PlannedNode[]
  readonly byId: ReadonlyMap<string, PlannedNode>
  /** Nodes without in-edges: triggers, and what can never run. */
  readonly roots: readonly PlannedNode[]
  /** How many nodes may come to be attempted by an executor: any but triggers, where their data prove too much. */
  readonly attempted: number
}

export interface PlanDependencies {
  readonly nodeTypes: ExecutableNodeTypes
  readonly engine: ExpressionEngine
}

const modeOf = (type: ExecutableNodeType, node: WorkflowNode, dependencies: PlanDependencies): NodeMode => {
  if (type.kind === 'trigger') return 'trigger'
  if (!runsInline(type, node.config, dependencies.engine)) return 'attempted'
  return type.kind === 'wait' ? 'wait' : 'inline'
}

/** Plans a valid definition (only such can be started). Throws where it is not: that is damage, not input. */
export const planRun = (definition: Definition, dependencies: PlanDependencies): RunPlan => {
  const indexById = new Map(definition.nodes.map(({ id }, index) => [id, index]))
  const idByKey = new Map(definition.nodes.map(({ id, key }) => [key, id]))
  const inEdges: PlannedEdge[][] = definition.nodes.map(() => [])
  const outEdges: PlannedEdge[][] = definition.nodes.map(() => [])
  for (const edge of definition.edges) {
    const source = indexById.get(edge.sourceNodeId)
    const target = indexById.get(edge.targetNodeId)
    if (source === undefined || target === undefined) throw new Error(`edge ${edge.id} has no end`)
    const planned = { edge, source, target }
    outEdges[source]?.push(planned)
    inEdges[target]?.push(planned)
  }

  const plan = (node: WorkflowNode, index: number): PlannedNode => {
    const type = dependencies.nodeTypes.get(node.type)
    if (type === undefined) throw new Error(`node ${node.key} is of the unknown type ${node.type}`)
    const keys = new Set<string>()
    const secrets = new Set<string>()
    for (const { source } of findExpressions(node.config, type)) {
      const checked = dependencies.engine.check(source)
      if (!checked.ok) continue
      for (const key of checked.references.nodes) keys.add(key)
      for (const name of checked.references.secrets) secrets.add(name)
    }
    // What an opaque field (a program) reads is unknown: it sees everything.
    const readKeys = type.opaqueFields === undefined ? keys : idByKey.keys()
    const reads = [...readKeys].flatMap((key) => {
      const nodeId = idByKey.get(key)
      return nodeId === undefined || nodeId === node.id ? [] : [{ key, nodeId }]
    })
    return {
      index,
      node,
      type,
      mode: modeOf(type, node, dependencies),
      needsThread:
        type.kind !== 'sideEffect' || type.usesThread === true || isCostly(type, node.config, dependencies.engine),
      policy: node.policy,
      join: node.policy.join ?? 'all',
      inEdges: inEdges[index] ?? [],
      outEdges: outEdges[index] ?? [],
      ports: portsOf(type, node.config),
      connected: new Set((outEdges[index] ?? []).map(({ edge }) => edge.sourcePort)),
      reads,
      secrets: [...secrets],
    }
  }

  const nodes = definition.nodes.map(plan)
  return {
    definition,
    nodes,
    byId: new Map(nodes.map((planned) => [planned.node.id, planned])),
    roots: nodes.filter((planned) => planned.inEdges.length === 0),
    attempted: nodes.filter(({ mode }) => mode !== 'trigger').length,
  }
}

/** The planned node, where the plan is that of the run; damage otherwise. */
export const plannedNode = (plan: RunPlan, nodeId: string): PlannedNode => {
  const planned = plan.byId.get(nodeId)
  if (planned === undefined) throw new Error(`node ${nodeId} is not in the run's version`)
  return planned
}

export const nodeAt = (plan: RunPlan, index: number): PlannedNode => {
  const planned = plan.nodes[index]
  if (planned === undefined) throw new Error(`there is no node ${index}`)
  return planned
}
