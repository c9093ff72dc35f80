import type { Finding } from '../../findings.js'
import { edgePlace, error, type Rule } from './context.js'

/** `dangling_edge`, `unknown_port`, `duplicate_edge`, `self_loop`, `edge_into_trigger`. */
export const edgeRule: Rule = ({
  definition: { edges },
  graph: { nodeById },
  typed,
  context: { nodeTypes },
}): Finding[] => {
  const seen = new Set<string>()
  return edges.flatMap((edge, index) => {
    const { sourceNodeId, sourcePort, targetNodeId } = edge
    const found: Finding[] = []
    const report = (code: string, member: string, detail: string): unknown =>
      found.push(error(code, detail, edgePlace(edge, `/edges/${index}${member}`)))

    const [source, target] = [nodeById.get(sourceNodeId), nodeById.get(targetNodeId)]
    if (!source) report('dangling_edge', '/sourceNodeId', `There is no node ${sourceNodeId}.`)
    if (!target) report('dangling_edge', '/targetNodeId', `There is no node ${targetNodeId}.`)

    const ports = typed.get(sourceNodeId)?.ports
    if (ports && !ports.has(sourcePort)) {
      const known = ports.size === 0 ? 'none' : [...ports].join(', ')
      report('unknown_port', '/sourcePort', `Node ${source?.key} has no port ${sourcePort}; it has ${known}.`)
    }
    const joins = `${sourceNodeId}/${targetNodeId}/${sourcePort}`
    if (seen.has(joins)) report('duplicate_edge', '', 'Another edge joins the same port to the same node.')
    seen.add(joins)
    if (sourceNodeId === targetNodeId)
      report('self_loop', '/targetNodeId', `Node ${source?.key ?? sourceNodeId} leads to itself.`)
    if (target && nodeTypes.get(target.type)?.kind === 'trigger') {
      report('edge_into_trigger', '/targetNodeId', `Node ${target.key} is a trigger: nothing leads to it.`)
    }
    return found
  })
}
