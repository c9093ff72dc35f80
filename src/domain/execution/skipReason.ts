import type { Decision } from '../events/catalogue/execution.js'
import type { JsonValue } from '../json.js'
import { decidedByOperator } from './decidedByOperator.js'
import type { ExecutionState, NodeState } from './executionState.js'
import { type ExplainedEdge, explainEdges } from './explainEdges.js'
import { getIn } from './persistentMap.js'
import { type PlannedNode, plannedNode, type RunPlan } from './runPlan.js'

const skippedByOperator = (node: NodeState | undefined): string | undefined => decidedByOperator(node, 'skip')

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

const longestValue = 60
const shortValue = (value: JsonValue): string => {
  const text = JSON.stringify(value)
  return text.length > longestValue ? `${text.slice(0, longestValue - 1)}…` : text
}

/** `input.n > 10 was false for input.n = 3` */
const toldDecision = ({ expression, result, operands }: Decision): string => {
  const seen = Object.entries(operands).map(([path, value]) => `${path} = ${shortValue(value)}`)
  return `${expression} was ${shortValue(result)}${seen.length > 0 ? ` for ${seen.join(', ')}` : ''}`
}

/**
 * Of the choices of a node those that say why it did not emit a port: of a switch the one about that case, or, where it was not
 * asked, those that were true before.
 */
const decisionsAbout = (port: string, decisions: readonly Decision[]): readonly Decision[] => {
  const own = decisions.filter(({ caseId }) => caseId === undefined || caseId === port)
  return own.length > 0 ? own : decisions.filter(({ result }) => result === true)
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
      const emitted = `emitted ${source?.ports.join(', ') || 'nothing'}, not ${port}`
      const chosen = decidedByOperator(source, 'complete')
      if (chosen !== undefined) return `an operator completed ${fromKey} (${chosen}), and it ${emitted}`
      const decided = decisionsAbout(port, decisions ?? []).map(toldDecision)
      const because = decided.length > 0 ? ` (${decided.join('; ')})` : ''
      return `${fromKey} ${emitted}${because}`
    }
  }
}

/** Of a trigger that did not start the run. */
export const otherTrigger = 'the run was started by another trigger'

/** What cut off a dead path, however far before it. */
const whyDead = (state: ExecutionState, plan: RunPlan, dead: ExplainedEdge): string => {
  const cut = cutOffAt(state, plan, dead)
  return cut === dead ? causeOf(state, cut) : `${dead.fromKey} was skipped, as ${causeOf(state, cut)}`
}

const mostCauses = 3

/** The causes of its dead paths; of many only the first. */
const causesOf = (state: ExecutionState, plan: RunPlan, dead: readonly ExplainedEdge[]): string => {
  const causes = dead.slice(0, mostCauses).map((edge) => whyDead(state, plan, edge))
  const more = dead.length > mostCauses ? `; and ${dead.length - mostCauses} more` : ''
  return `${[...new Set(causes)].join('; ')}${more}`
}

/** Why a step was skipped: what cut off its dead paths. */
export const whySkipped = (
  state: ExecutionState,
  plan: RunPlan,
  planned: PlannedNode,
  node: NodeState,
  edges: readonly ExplainedEdge[],
): string => {
  const byOperator = skippedByOperator(node)
  if (byOperator !== undefined) return `an operator skipped it: ${byOperator}`
  if (planned.mode === 'trigger') return otherTrigger
  const dead = edges.filter(isDead)
  if (dead.length === 0) return 'no edge leads to it'
  const causes = causesOf(state, plan, dead)
  if (edges.length === 1) return causes
  return `${dead.length} of ${edges.length} in-edges ${dead.length === 1 ? 'is' : 'are'} dead, so its join can't be met: ${causes}`
}
