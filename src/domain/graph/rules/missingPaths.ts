import type { Finding } from '../../findings.js'
import { nodePlace, type Rule, type RuleInput, type TypedNode, warning } from './context.js'

const isConnected = ({ graph }: RuleInput, { node }: TypedNode, port: string): boolean =>
  graph.outEdges(node.id).some(({ sourcePort }) => sourcePort === port)

/** `switch_without_default`: where no case matches, everything behind it is skipped. */
const withoutDefault = (input: RuleInput, typed: TypedNode): Finding[] =>
  typed.ports.has('default') && !isConnected(input, typed, 'default')
    ? [
        warning(
          'switch_without_default',
          `Nothing follows ${typed.node.key} when no case matches.`,
          nodePlace(typed.node, typed.pointer),
        ),
      ]
    : []

/** `side_effect_without_error_path`: a failure out there fails the run, and nobody has said that it shall. */
const withoutErrorPath = (input: RuleInput, typed: TypedNode): Finding[] => {
  const { node, type, pointer } = typed
  const external = type.external ?? type.kind === 'sideEffect'
  return external && node.policy.onError === undefined && !isConnected(input, typed, 'error')
    ? [warning('side_effect_without_error_path', `A failure of ${node.key} fails the run.`, nodePlace(node, pointer))]
    : []
}

export const missingPathRule: Rule = (input): Finding[] =>
  [...input.typed.values()].flatMap((typed) => [...withoutDefault(input, typed), ...withoutErrorPath(input, typed)])
