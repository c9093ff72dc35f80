import type { ExecutionState, NodeState } from './executionState.js'
import { type ExplainedEdge, explainEdges } from './explainedEdges.js'
import { getIn } from './persistentMap.js'
import { type PlannedNode, plannedNode, type RunPlan } from './runPlan.js'

const skippedByOperator = (node: NodeState | undefined): string | undefined => {
  const resolution = node?.resolutions?.at(-1)
  return resolution?.action === 'skip' ? resolution.reason : undefined
}

const isDead = ({ status }: ExplainedEdge): boolean => status === 'dead'

/** From a dead edge back along skipped nodes to the one where the path was cut off. */
const cutOffAt = (state: ExecutionState, plan: RunPlan, dead: ExplainedEdge): ExplainedEdge => {
  let edge = dead
  while (edge.reason === 'sourceSkipped' && skippedByOperator(getIn(state.nodes, edge.fromNodeId)) === undefined) {
    const before = explainEdges(state, plan, plannedNode(plan, edge.fromNodeId)).find(isDead)
    if (before === undefined) break
    edge = before
  }
  return edge
}

const causeOf = (state: ExecutionState, { fromNodeId, fromKey, port, reason, decisions }: ExplainedEdge): string => {
  const source = getIn(state.nodes, fromNodeId)
  switch (reason) {
    case 'triggerNotUsed':
      return `${fromKey} did not start the run`
    case 'sourceFailed':
      return `${fromKey} failed${source?.error === undefined ? '' : ` (${source.error.code}: ${source.error.message})`}`
    case 'sourceSkipped': {
      const why = skippedByOperator(source)
      return why === undefined ? `${fromKey} was skipped` : `an operator skipped ${fromKey}: ${why}`
    }
    default: {
      const decided = decisions?.map(({ expression, result }) => `${expression} was ${JSON.stringify(result)}`)
      const because = decided === undefined ? '' : ` (${decided.join(', ')})`
      return `${fromKey} emitted ${source?.ports.join(', ') || 'nothing'}, not ${port}${because}`
    }
  }
}

/** Why a step was skipped: what cut off the first of its dead paths, however far before it. */
export const whySkipped = (
  state: ExecutionState,
  plan: RunPlan,
  planned: PlannedNode,
  node: NodeState,
  edges: readonly ExplainedEdge[],
): string => {
  const byOperator = skippedByOperator(node)
  if (byOperator !== undefined) return `an operator skipped it: ${byOperator}`
  if (planned.mode === 'trigger') return 'the run was started by another trigger'
  const dead = edges.filter(isDead)
  const [first] = dead
  if (first === undefined) return 'no edge leads to it'
  const cut = cutOffAt(state, plan, first)
  const because = cut === first ? causeOf(state, cut) : `${first.fromKey} was skipped, as ${causeOf(state, cut)}`
  if (edges.length === 1) return because
  return `${dead.length} of ${edges.length} in-edges dead, so its join can't be met: ${because}`
}
