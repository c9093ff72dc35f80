import type { z } from 'zod'
import type { Definition, WorkflowNode } from '../../definition.js'
import type { Finding } from '../../findings.js'
import { pointerOf } from '../../jsonPointer.js'
import { portsOf } from '../../nodes/nodeType.js'
import { sentence } from '../../sentence.js'
import { error, nodePlace, type TypedNode, type ValidationContext } from './context.js'

/** An unknown field is named by where it stands, not by the object around it. */
const placesOf = (issue: z.core.$ZodIssue): string[] =>
  issue.code === 'unrecognized_keys'
    ? issue.keys.map((key) => pointerOf([...issue.path, key]))
    : [pointerOf(issue.path)]

const configFindings = (node: WorkflowNode, pointer: string, issues: readonly z.core.$ZodIssue[]): Finding[] =>
  issues.flatMap((issue) =>
    placesOf(issue).map((place) =>
      error('invalid_config', sentence(issue.message), nodePlace(node, `${pointer}/config${place}`)),
    ),
  )

/** Finds the type of every node and checks its config by it: `unknown_node_type`, `invalid_config`. */
export const typeNodes = (
  { nodes }: Definition,
  { nodeTypes }: ValidationContext,
): { typed: Map<string, TypedNode>; findings: Finding[] } => {
  const typed = new Map<string, TypedNode>()
  const findings: Finding[] = []
  for (const [index, node] of nodes.entries()) {
    const pointer = `/nodes/${index}`
    const type = nodeTypes.get(node.type)
    if (!type) {
      findings.push(
        error('unknown_node_type', `There is no node type ${node.type}.`, nodePlace(node, `${pointer}/type`)),
      )
      continue
    }
    const parsed = type.configSchema.safeParse(node.config)
    if (parsed.success) typed.set(node.id, { node, pointer, type, ports: new Set(portsOf(type, node.config)) })
    else findings.push(...configFindings(node, pointer, parsed.error.issues))
  }
  return { typed, findings }
}
