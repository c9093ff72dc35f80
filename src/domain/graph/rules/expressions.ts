import type { CheckedExpression } from '../../expressions/expressionEngine.js'
import { findExpressions } from '../../expressions/findExpressions.js'
import type { Finding } from '../../findings.js'
import { stepKey } from '../../jsonPointer.js'
import type { ExpressionField } from '../../nodes/nodeType.js'
import { sentence } from '../../sentence.js'
import { ancestorsOf } from '../ancestors.js'
import { error, nodePlace, type RuleInput, type TypedNode, warning } from './context.js'

type References = Extract<CheckedExpression, { ok: true }>['references']

/** The top-level config field that a JSON pointer leads into. */
const fieldOf = (pointer: string): string => stepKey(pointer.split('/')[1] ?? '')

/**
 * What expressions may read: `expression_syntax` (and the checker's other codes, with the position), `expression_reference`,
 * `secret_missing`; and `unused_secret`, which only a look at all expressions can tell.
 */
export const expressionRule = (input: RuleInput): Finding[] => {
  const { graph, typed, context } = input
  const { engine, secretNames } = context
  const idByKey = new Map(graph.nodes.map(({ id, key }) => [key, id]))
  const isAncestor = ancestorsOf(graph)
  const usedSecrets = new Set<string>()

  const nodeProblem = (key: string, reader: string): string | undefined => {
    const id = idByKey.get(key)
    if (id === undefined) return `There is no node ${key}.`
    if (id === reader) return `Node ${key} reads its own output.`
    return isAncestor(id, reader) === false ? `Node ${key} does not come before it on any path.` : undefined
  }

  const referenceFindings = (
    { node, pointer, type }: TypedNode,
    field: ExpressionField,
    references: References,
  ): Finding[] => {
    const place = nodePlace(node, `${pointer}/config${field.pointer}`)
    const nodes = references.nodes.flatMap((key) => {
      const problem = nodeProblem(key, node.id)
      return problem === undefined ? [] : [error('expression_reference', problem, place)]
    })
    const allowed = type.secretFields?.includes(fieldOf(field.pointer)) ?? false
    const secrets = references.secrets.flatMap((name) => {
      usedSecrets.add(name)
      if (!allowed) return [error('expression_reference', `The secret ${name} can't be read in this field.`, place)]
      return secretNames && !secretNames.has(name)
        ? [error('secret_missing', `The secret ${name} is not set.`, place)]
        : []
    })
    return [...nodes, ...secrets]
  }

  const fieldFindings = (typedNode: TypedNode, field: ExpressionField): Finding[] => {
    const checked = engine.check(field.source)
    if (checked.ok) return referenceFindings(typedNode, field, checked.references)
    const place = nodePlace(typedNode.node, `${typedNode.pointer}/config${field.pointer}`)
    return [
      error(
        checked.code,
        sentence(`${checked.detail} (at character ${checked.offset} of "${field.source.slice(0, 200)}")`),
        place,
      ),
    ]
  }

  const findings = [...typed.values()].flatMap((typedNode) =>
    findExpressions(typedNode.node.config, typedNode.type).flatMap((field) => fieldFindings(typedNode, field)),
  )
  const unused = [...(secretNames ?? [])]
    .filter((name) => !usedSecrets.has(name))
    .map((name) => warning('unused_secret', `The secret ${name} is set but nothing reads it.`))
  return [...findings, ...unused]
}
