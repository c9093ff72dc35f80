import type { JsonObject } from '../json.js'
import type { NodeType } from '../nodes/nodeType.js'
import { type ExpressionEngine, ExpressionError } from './expressionEngine.js'
import { findExpressions } from './findExpressions.js'

/** Steps that the expressions of one decision may take together in the process that answers requests: some 20 ms. */
export const inlineSteps = 1_000_000

const costly = new WeakMap<JsonObject, boolean>()

/** Whether any expression of the config is costly (CheckedExpression). Known after the first time. */
export const isCostly = (type: NodeType, config: JsonObject, engine: ExpressionEngine): boolean => {
  const known = costly.get(config)
  if (known !== undefined) return known
  const found = findExpressions(config, type).some(({ source }) => {
    const checked = engine.check(source)
    return checked.ok && checked.costly
  })
  costly.set(config, found)
  return found
}

/**
 * Whether a node may be decided, or its wait planned, where the run is decided. With a costly expression it may not: it is
 * scheduled like one with a side effect and evaluated in a worker thread.
 */
export const runsInline = (type: NodeType, config: JsonObject, engine: ExpressionEngine): boolean =>
  (type.kind === 'pure' || type.kind === 'wait') && !isCostly(type, config, engine)

/**
 * The engine with a budget for many evaluations together: beyond it each throws ExpressionError `expression_limit`. A
 * node that meets the limit inline can still be scheduled, and then has a worker's far larger budget.
 */
export const withBudget = (engine: ExpressionEngine, steps: number = inlineSteps): ExpressionEngine => {
  const start = engine.spent?.() ?? 0
  return {
    ...engine,
    evaluate: (source, scope) => {
      if ((engine.spent?.() ?? 0) - start > steps) {
        throw new ExpressionError(
          'expression_limit',
          'the expressions evaluated in one go have too much to do together',
        )
      }
      return engine.evaluate(source, scope)
    },
  }
}
