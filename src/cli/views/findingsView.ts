import type { Edge, WorkflowNode } from '../../domain/definition.js'
import type { Finding } from '../../domain/findings.js'
import { table } from '../terminal/table.js'

interface Graph {
  readonly nodes: readonly Pick<WorkflowNode, 'id' | 'key'>[]
  readonly edges: readonly Edge[]
}

/** A node or an edge, by the keys of nodes, by which people know them, and what follows it in the pointer: `node greet /config/url`. */
const placeIn = ({ nodes, edges }: Graph): ((finding: Finding) => string | undefined) => {
  const keys = new Map(nodes.map(({ id, key }) => [id, key]))
  const keyOf = (id: string): string => keys.get(id) ?? id
  return ({ nodeId, edgeId, pointer }) => {
    const rest = pointer?.replace(/^\/(?:nodes|edges)\/\d+/, '') ?? ''
    if (nodeId !== undefined) return `node ${keyOf(nodeId)} ${rest}`.trimEnd()
    const edge = edges.find(({ id }) => id === edgeId)
    if (edge === undefined) return pointer ?? edgeId
    return `edge ${keyOf(edge.sourceNodeId)}.${edge.sourcePort} -> ${keyOf(edge.targetNodeId)} ${rest}`.trimEnd()
  }
}

export const findingsView = (findings: readonly Finding[], graph: Graph): string => {
  const placeOf = placeIn(graph)
  return table(
    ['severity', 'code', 'where', 'detail'],
    findings.map((finding) => [finding.severity, finding.code, placeOf(finding), finding.detail]),
    'nothing is wrong',
  )
}
