import type { WorkflowNode } from '../../definition.js'
import type { Finding } from '../../findings.js'
import { findCycles } from '../cycles.js'
import { error, nodePlace, type Rule, type RuleInput, warning } from './context.js'

const isTrigger = ({ context: { nodeTypes } }: RuleInput, node: WorkflowNode): boolean =>
  nodeTypes.get(node.type)?.kind === 'trigger'

const indexes = ({ definition }: RuleInput): Map<string, number> =>
  new Map(definition.nodes.map(({ id }, index) => [id, index]))

/** `cycle`: one of each knot of the graph, listed in full. */
export const cycleRule: Rule = (input): Finding[] => {
  const indexOf = indexes(input)
  return findCycles(input.graph).flatMap((cycle) => {
    const [first] = cycle
    if (!first) return []
    const round = [...cycle, first].map(({ key }) => key).join(' -> ')
    return [error('cycle', `A workflow has no cycles: ${round}.`, nodePlace(first, `/nodes/${indexOf.get(first.id)}`))]
  })
}

/** `no_trigger`: nothing could start it. */
export const triggerRule: Rule = (input): Finding[] =>
  input.graph.nodes.some((node) => isTrigger(input, node))
    ? []
    : [error('no_trigger', 'A workflow needs a trigger to start it.', { pointer: '/nodes' })]

/** `unreachable_node`: no trigger leads to it, so it is skipped in every run. */
export const reachabilityRule: Rule = (input): Finding[] => {
  const { graph } = input
  const reached = graph.nodes.filter((node) => isTrigger(input, node)).map(({ id }) => id)
  const seen = new Set(reached)
  for (let next = 0; next < reached.length; next += 1) {
    for (const { targetNodeId } of graph.outEdges(reached[next] as string)) {
      if (seen.has(targetNodeId)) continue
      seen.add(targetNodeId)
      reached.push(targetNodeId)
    }
  }
  const indexOf = indexes(input)
  return graph.nodes
    .filter(({ id }) => !seen.has(id))
    .map((node) =>
      warning(
        'unreachable_node',
        `No trigger leads to ${node.key}.`,
        nodePlace(node, `/nodes/${indexOf.get(node.id)}`),
      ),
    )
}
