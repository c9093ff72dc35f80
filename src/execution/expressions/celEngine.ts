import { EvaluationError } from '@marcbachmann/cel-js'
import { type ExpressionEngine, ExpressionError } from '../../domain/expressions/expressionEngine.js'
import { createCelEnvironment } from './celEnvironment.js'
import { type Compiled, compileExpression } from './compile.js'
import { createCompileCache } from './compileCache.js'
import { expressionLimits } from './limits.js'
import { charge, limitCode, type Meter, stepsExceeded } from './meter.js'
import { readOperands } from './operands.js'

export interface CelEngine extends ExpressionEngine {
  spent(): number
}

/**
 * CEL over JSON scopes. `maxSteps` bounds one evaluation; the default is for the process that answers requests.
 * Codes of its errors: expression_syntax, expression_too_complex, expression_missing (a field or index that is not
 * there), expression_limit, expression_result (not JSON), expression_failed.
 */
export const createCelEngine = ({ maxSteps = expressionLimits.inlineSteps }: { maxSteps?: number } = {}): CelEngine => {
  const meter: Meter = { left: maxSteps }
  const environment = createCelEnvironment(meter)
  const cache = createCompileCache<Compiled>({ entries: 2_000, characters: 1_000_000 })
  let spent = 0

  const compiled = (source: string): Compiled => {
    const known = cache.get(source)
    if (known !== undefined) return known
    const fresh = compileExpression(source, environment, meter)
    cache.set(source, fresh)
    return fresh
  }

  return {
    check: (source) => compiled(source).checked,
    evaluate: (source, scope) => {
      const expression = compiled(source)
      if (!expression.ok) throw new ExpressionError(expression.checked.code, expression.checked.detail)
      meter.left = maxSteps
      try {
        charge(meter, expression.inspection.nodeCount)
        const result = expression.convert(expression.run(scope), meter)
        if (meter.left < 0) throw stepsExceeded()
        return result
      } catch (error) {
        throw asExpressionError(error, source)
      } finally {
        // What was refused was not done.
        spent += maxSteps - Math.max(meter.left, 0)
      }
    },
    operands: (source, scope) => {
      const expression = compiled(source)
      return expression.ok ? readOperands(expression.inspection.paths, scope) : {}
    },
    spent: () => spent,
  }
}

const missingCodes = new Set(['no_such_key', 'index_out_of_bounds', 'unknown_variable'])

const asExpressionError = (error: unknown, source: string): ExpressionError => {
  if (error instanceof ExpressionError) return error
  if (error instanceof EvaluationError) {
    const { start, end } = error.node ?? {}
    const place = start === undefined || end === undefined ? '' : ` in ${excerpt(source.slice(start, end))}`
    const code = missingCodes.has(error.code) ? 'expression_missing' : 'expression_failed'
    return new ExpressionError(code, `${error.summary}${place}`)
  }
  if (error instanceof RangeError)
    return new ExpressionError(limitCode, `the expression is too large to evaluate: ${error.message}`)
  return new ExpressionError('expression_failed', error instanceof Error ? error.message : String(error))
}

const excerpt = (text: string): string => (text.length > 80 ? `${text.slice(0, 80)}…` : text)
