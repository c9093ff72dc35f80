import { z } from 'zod'
import { ExpressionError } from '../../domain/expressions/expressionEngine.js'
import type { JsonObject } from '../../domain/json.js'
import { NodeFailure } from '../../domain/nodes/behaviour.js'

/** A string with an expression, where a number or a boolean would stand. */
export const templateSchema = z.string().regex(/\{\{/, 'It must be a value of its type, or a template with {{ }}.')

/** The literal value, checked strictly, or a template that gives it. */
export const orTemplate = <Schema extends z.ZodType>(schema: Schema) => z.union([schema, templateSchema])

/** The config with its templates resolved, by its strict schema. Throws NodeFailure `invalid_config`. */
export const parseResolved = <Schema extends z.ZodType>(schema: Schema, config: JsonObject): z.output<Schema> => {
  const parsed = schema.safeParse(config)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map(({ path, message }) => `/${path.join('/')}: ${message}`)
  throw new NodeFailure({ class: 'config', code: 'invalid_config', message: problems.slice(0, 10).join('; ') })
}

/** Runs something that evaluates expressions; an expression that fails, fails the node. */
export const evaluating = <Result>(evaluate: () => Result): Result => {
  try {
    return evaluate()
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    throw new NodeFailure({ class: 'expression', code: error.code, message: error.message })
  }
}
