import { TypeError as CelTypeError, EvaluationError, ParseError } from '@marcbachmann/cel-js'
import type { CheckedExpression } from '../../domain/expressions/expressionEngine.js'
import type { JsonValue } from '../../domain/json.js'
import type { CelEnvironment, CelExpression, CelNode } from './celInternals.js'
import { conversionOf } from './conversion.js'
import { type Inspection, InspectionError, inspect } from './inspect.js'
import { instrument } from './instrument.js'
import { expressionLimits } from './limits.js'
import type { Meter } from './meter.js'
import { partsOf } from './syntaxTree.js'

/** An expression ready to run, or why it never will. */
export type Compiled =
  | {
      readonly ok: true
      readonly checked: CheckedExpression
      readonly inspection: Inspection
      readonly run: CelExpression
      readonly convert: (value: unknown, meter: Meter) => JsonValue
    }
  | { readonly ok: false; readonly checked: Extract<CheckedExpression, { ok: false }> }

const refused = (code: string, detail: string, offset: number): Compiled => ({
  ok: false,
  checked: { ok: false, code, detail, offset },
})

const tooComplex = (detail: string): Compiled => refused('expression_too_complex', detail, 0)

/** Parses, checks and prepares an expression. Never throws. */
export const compileExpression = (source: string, { parse }: CelEnvironment, meter: Meter): Compiled => {
  const { sourceLength } = expressionLimits
  if (source.length > sourceLength) return tooComplex(`an expression has at most ${sourceLength} characters`)
  // Prefix operators are the one thing that the parser nests without a bound.
  if (/[!-](?:\s*[!-]){31}/.test(source)) return tooComplex('too many operators in front of each other')
  try {
    const run = parse(source)
    const inspection = inspect(run.ast)
    relaxBranches(run.ast)
    const { error } = run.check()
    if (error !== undefined) return failure(error)
    instrument(run.ast, meter)
    const { references, costly } = inspection
    return { ok: true, checked: { ok: true, references, costly }, inspection, run, convert: conversionOf(run.ast) }
  } catch (error) {
    return failure(error)
  }
}

const failure = (error: unknown): Compiled => {
  if (error instanceof InspectionError) return refused(error.code, error.message, error.offset)
  if (error instanceof ParseError || error instanceof CelTypeError || error instanceof EvaluationError) {
    const code = error.code === 'limit_exceeded' ? 'expression_too_complex' : 'expression_syntax'
    return refused(code, error.summary, error.range?.start ?? 0)
  }
  // The one error of the host that a source can cause: its tree is too deep for the stack.
  if (error instanceof RangeError) return tooComplex('the expression is nested too deeply')
  return refused('expression_syntax', error instanceof Error ? error.message : String(error), 0)
}

/** The branches of `a ? b : c` may be of different types, as `"many"` and `null`: then the whole is of any type. */
const relaxBranches = (node: CelNode): void => {
  const { children, bound } = partsOf(node)
  for (const child of [...children, ...(bound?.children ?? [])]) relaxBranches(child)
  if (node.op !== '?:') return
  const { check } = node
  node.check = (checker, self, context) => {
    try {
      return check.call(node, checker, self, context)
    } catch (error) {
      if (error instanceof CelTypeError && error.code === 'incompatible_ternary_branches') return checker.getType('dyn')
      throw error
    }
  }
}
