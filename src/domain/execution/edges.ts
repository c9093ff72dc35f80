import type { DeadEdge } from '../events/catalogue/execution.js'
import type { ExecutionState, NodeState } from './executionState.js'
import { runLimits } from './limits.js'
import { getIn } from './persistentMap.js'
import { nodeAt, type PlannedEdge, type PlannedNode, type RunPlan } from './runPlan.js'

export type EdgeStatus = 'taken' | 'dead' | 'unresolved'

/** Completed, skipped, or failed with its failure handled: its out-edges are resolved. */
export const isDecided = (node: NodeState | undefined): node is NodeState =>
  node !== undefined &&
  (node.status === 'completed' || node.status === 'skipped' || (node.status === 'failed' && node.ports.length > 0))

/** Nothing was decided about it, so it may be run or skipped. */
export const isUntouched = (node: NodeState | undefined): boolean => node === undefined || node.status === 'pending'

/** An edge is resolved with its source, once and for good. */
export const edgeStatus = (source: NodeState | undefined, { edge }: PlannedEdge): EdgeStatus => {
  if (!isDecided(source)) return 'unresolved'
  return source.ports.includes(edge.sourcePort) ? 'taken' : 'dead'
}

export const reasonOfDeadEdge = (source: NodeState, sourceNode: PlannedNode): DeadEdge['reason'] => {
  if (source.status === 'failed') return 'sourceFailed'
  if (source.status === 'completed') return 'portNotEmitted'
  return sourceNode.mode === 'trigger' ? 'triggerNotUsed' : 'sourceSkipped'
}

/** The dead in-edges of a node with the reason of each; the list is cut where it is very long. */
export const deadEdgesInto = (state: ExecutionState, plan: RunPlan, target: PlannedNode): DeadEdge[] => {
  const dead: DeadEdge[] = []
  for (const planned of target.inEdges) {
    const sourceNode = nodeAt(plan, planned.source)
    const source = getIn(state.nodes, sourceNode.node.id)
    if (source === undefined || edgeStatus(source, planned) !== 'dead') continue
    const { id: edgeId, sourceNodeId, sourcePort } = planned.edge
    const { decisions } = source
    const tells = decisions !== undefined && dead.length < runLimits.deadEdgeDecisions
    const reason = reasonOfDeadEdge(source, sourceNode)
    dead.push({ edgeId, sourceNodeId, sourcePort, reason, ...(tells ? { decisions: [...decisions] } : undefined) })
    if (dead.length === runLimits.deadEdges) break
  }
  return dead
}
