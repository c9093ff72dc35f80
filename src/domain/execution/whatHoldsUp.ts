import { edgeStatus, isUntouched } from './edges.js'
import type { ExecutionState, NodeState } from './executionState.js'
import { getIn } from './persistentMap.js'
import { nodeAt, type PlannedNode, type RunPlan } from './runPlan.js'
import { whatItWaitsFor } from './tellWait.js'

const howItStands = (state: ExecutionState, node: NodeState): string => {
  switch (node.status) {
    case 'waiting':
      return `which waits ${whatItWaitsFor(state, node)}`
    case 'held':
      return 'which is held for an operator'
    case 'inDoubt':
      return 'which is in doubt and held for an operator'
    case 'retrying':
      return 'which is to be tried again'
    case 'running':
      return `whose attempt ${node.attempts} is in flight`
    default:
      return 'which is ready for an executor'
  }
}

const undecidedSources = (state: ExecutionState, plan: RunPlan, { inEdges }: PlannedNode): PlannedNode[] => {
  const sources = inEdges.filter((edge) => {
    const source = getIn(state.nodes, nodeAt(plan, edge.source).node.id)
    return edgeStatus(source, edge) === 'unresolved'
  })
  return [...new Set(sources.map(({ source }) => nodeAt(plan, source)))]
}

/** Nodes that something has happened to and that are not decided, however far before the node. */
const openBefore = (state: ExecutionState, plan: RunPlan, planned: PlannedNode): PlannedNode[] => {
  const open: PlannedNode[] = []
  const seen = new Set<PlannedNode>()
  const rest = undecidedSources(state, plan, planned)
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    if (seen.has(next)) continue
    seen.add(next)
    if (isUntouched(getIn(state.nodes, next.node.id))) rest.push(...undecidedSources(state, plan, next))
    else open.push(next)
  }
  return open.sort((a, b) => a.index - b.index)
}

const mostTold = 3

const listed = (texts: readonly string[]): string =>
  texts.length > mostTold
    ? `${texts.slice(0, mostTold).join('; ')}; and ${texts.length - mostTold} more`
    : texts.join('; ')

/**
 * What a node that is not decided waits for: the nodes right before it, and where those wait themselves, what they wait for.
 * Undefined where nothing before it is undecided.
 */
export const whatHoldsUp = (state: ExecutionState, plan: RunPlan, planned: PlannedNode): string | undefined => {
  const direct = undecidedSources(state, plan, planned)
  if (direct.length === 0) return undefined
  const told = ({ node: { id, key } }: PlannedNode): string => {
    const node = getIn(state.nodes, id)
    return node === undefined || isUntouched(node) ? key : `${key}, ${howItStands(state, node)}`
  }
  const before = openBefore(state, plan, planned).filter((each) => !direct.includes(each))
  const further = before.length === 0 ? '' : `, and before that for ${listed(before.map(told))}`
  return `waits for ${listed(direct.map(told))}${further}`
}
