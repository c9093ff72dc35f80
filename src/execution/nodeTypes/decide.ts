import type { Decision } from '../../domain/events/catalogue/execution.js'
import { type ExpressionEngine, ExpressionError, type Scope } from '../../domain/expressions/expressionEngine.js'
import { bareSource } from '../../domain/expressions/findExpressions.js'

/** Evaluates a yes-or-no expression and keeps what it saw. Throws ExpressionError `expression_result` for anything else. */
export const decide = (
  text: string,
  scope: Scope,
  engine: ExpressionEngine,
  place: string,
): Decision & { readonly result: boolean } => {
  const expression = bareSource(text)
  const result = engine.evaluate(expression, scope)
  if (typeof result !== 'boolean') {
    const kind = result === null ? 'null' : Array.isArray(result) ? 'a list' : `a value of type ${typeof result}`
    throw new ExpressionError('expression_result', `${place}: must give true or false, gave ${kind}`)
  }
  return { expression, result, operands: engine.operands(expression, scope) }
}
