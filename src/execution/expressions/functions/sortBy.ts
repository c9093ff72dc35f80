import type { CelChecker, CelContext, CelEvaluator, CelMacro, CelNode } from '../celInternals.js'
import { charge, type Meter } from '../meter.js'
import { sizeOf } from '../syntaxTree.js'
import { failed } from './functionSpec.js'
import { compareKeys } from './ordering.js'

interface SortBy extends CelMacro {
  readonly node: CelNode
  readonly receiver: CelNode
  readonly variable: string
  readonly key: CelNode
  readonly cost: number
}

interface MacroCall {
  readonly ast: CelNode
  readonly receiver: CelNode
  readonly args: readonly [CelNode, CelNode]
}

const typeCheck = (checker: CelChecker, macro: SortBy, context: CelContext): unknown => {
  const list = checker.check(macro.receiver, context)
  const item = list.kind === 'list' && list.valueType !== undefined ? list.valueType : checker.getType('dyn')
  macro.bindCtx = context.forkWithVariable(macro.variable, item)
  checker.check(macro.key, macro.bindCtx)
  return checker.getType('list')
}

/** `list.sortBy(item, key)`: the items in ascending order of their keys; equal ones keep their order. */
export const sortByMacro =
  (meter: Meter) =>
  ({ ast, receiver, args: [variable, key] }: MacroCall): object => {
    if (variable.op !== 'id') throw failed('sortBy(item, key) needs a name for the item')
    const evaluate = (evaluator: CelEvaluator, macro: SortBy, context: CelContext): unknown[] => {
      const list = evaluator.run(macro.receiver, context)
      if (!Array.isArray(list) || macro.bindCtx === undefined) throw failed('sortBy() needs a list')
      charge(meter, list.length * (macro.cost + Math.ceil(Math.log2(list.length + 2))))
      const frame = macro.bindCtx.reuse(context)
      const keyed = list.map((item) => ({ item, key: evaluator.run(macro.key, frame.setIterValue(item, evaluator)) }))
      return keyed.sort((left, right) => compareKeys(left.key, right.key, meter)).map(({ item }) => item)
    }
    return {
      node: ast,
      receiver,
      variable: String(variable.args),
      key,
      cost: sizeOf(key),
      typeCheck,
      evaluate,
      async: false,
    }
  }
