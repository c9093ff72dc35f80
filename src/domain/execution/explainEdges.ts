import type { DeadEdge, Decision } from '../events/catalogue/execution.js'
import { edgeStatus, reasonOfDeadEdge } from './edges.js'
import type { ExecutionState } from './executionState.js'
import { getIn } from './persistentMap.js'
import { nodeAt, type PlannedNode, type RunPlan } from './runPlan.js'

/** An in-edge as the run has resolved it. */
export interface ExplainedEdge {
  readonly edgeId: string
  readonly fromNodeId: string
  readonly fromKey: string
  readonly port: string
  readonly status: 'taken' | 'dead' | 'unresolved'
  /** Why it is dead. */
  readonly reason?: DeadEdge['reason']
  /** The choices of its source, with the values that they saw. */
  readonly decisions?: readonly Decision[]
}

export const explainEdges = (state: ExecutionState, plan: RunPlan, planned: PlannedNode): ExplainedEdge[] =>
  planned.inEdges.map((edge) => {
    const sourceNode = nodeAt(plan, edge.source)
    const source = getIn(state.nodes, sourceNode.node.id)
    const status = edgeStatus(source, edge)
    return {
      edgeId: edge.edge.id,
      fromNodeId: sourceNode.node.id,
      fromKey: sourceNode.node.key,
      port: edge.edge.sourcePort,
      status,
      ...(status === 'dead' && source !== undefined ? { reason: reasonOfDeadEdge(source, sourceNode) } : undefined),
      ...(source?.decisions === undefined ? undefined : { decisions: source.decisions }),
    }
  })
