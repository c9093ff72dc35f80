import { canonicalJson } from '../canonicalJson.js'
import { type Definition, definitionLimits } from '../definition.js'
import type { Finding } from '../findings.js'
import { indexGraph } from './graphIndex.js'
import { error, type Rule, type ValidationContext } from './rules/context.js'
import { edgeRule } from './rules/edges.js'
import { expressionRule } from './rules/expressions.js'
import { identityRule } from './rules/identity.js'
import { missingPathRule } from './rules/missingPaths.js'
import { typeNodes } from './rules/nodeTypes.js'
import { cycleRule, reachabilityRule, triggerRule } from './rules/shape.js'
import { subworkflowRule } from './rules/subworkflows.js'

export type { KnownSubworkflow, SubworkflowReference, ValidationContext } from './rules/context.js'

const rules: readonly Rule[] = [
  identityRule,
  triggerRule,
  edgeRule,
  cycleRule,
  expressionRule,
  subworkflowRule,
  reachabilityRule,
  missingPathRule,
]

const sizeFindings = (definition: Definition): Finding[] => {
  const { nodes, edges } = definition
  const tooLarge = (what: string, limit: number, pointer: string): Finding[] => [
    error('too_large', `A definition has at most ${limit} ${what}.`, { pointer }),
  ]
  if (nodes.length > definitionLimits.nodes) return tooLarge('nodes', definitionLimits.nodes, '/nodes')
  if (edges.length > definitionLimits.edges) return tooLarge('edges', definitionLimits.edges, '/edges')
  const bytes = Buffer.byteLength(canonicalJson(definition))
  return bytes > definitionLimits.bytes ? tooLarge('bytes', definitionLimits.bytes, '') : []
}

/**
 * Everything that is wrong with a definition (execution.md, "Publish needs a valid graph"), errors before warnings; none: it
 * can be published without a doubt. Pointers point into the definition. Total: any definition of the right shape is
 * judged, in time linear in its nodes and edges. What is too large is not looked at further.
 */
export const validateDefinition = (definition: Definition, context: ValidationContext): Finding[] => {
  const tooLarge = sizeFindings(definition)
  if (tooLarge.length > 0) return tooLarge
  const { typed, findings } = typeNodes(definition, context)
  const input = { definition, context, graph: indexGraph(definition), typed }
  const all = [...findings, ...rules.flatMap((rule) => rule(input))]
  return [
    ...all.filter(({ severity }) => severity === 'error'),
    ...all.filter(({ severity }) => severity === 'warning'),
  ]
}
