import type { JsonValue } from '../json.js'

/**
 * What expressions see (execution.md). `secrets` is there only while an attempt resolves its config, `item` and `index` only
 * in a map.
 */
export interface Scope {
  readonly input: JsonValue
  readonly trigger: JsonValue
  readonly nodes: { readonly [key: string]: { readonly output: JsonValue } }
  readonly execution: { readonly id: string; readonly startedAt: string; readonly version: number }
  readonly secrets?: { readonly [name: string]: string }
  readonly item?: JsonValue
  readonly index?: number
}

/** What a parsed expression reads: keys of `nodes.<key>`, names of `secrets.<NAME>`. */
export interface References {
  readonly nodes: readonly string[]
  readonly secrets: readonly string[]
}

export type CheckedExpression =
  | { readonly ok: true; readonly references: References; readonly costly: boolean }
  /** `code` is expression_syntax or expression_too_complex; `offset` counts characters from 0 in the expression. */
  | { readonly ok: false; readonly code: string; readonly detail: string; readonly offset: number }

/** An evaluation that failed; it fails its node with this code. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError'

  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message)
  }
}

/** The expression language as pure functions. Bare CEL, without `{{ }}`. */
export interface ExpressionEngine {
  /** Parses, bounds the cost, lists what it reads. Never throws. Cached by source. */
  check(source: string): CheckedExpression
  /** Throws ExpressionError. */
  evaluate(source: string, scope: Scope): JsonValue
  /** The member paths it reads, with their values (for explanations); large values are cut. Never throws. */
  operands(source: string, scope: Scope): Record<string, JsonValue>
  /** Steps that all evaluations so far took; a step is some 20 ns of work. */
  spent?(): number
}
