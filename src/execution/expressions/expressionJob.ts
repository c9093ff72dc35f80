import type { NodeError } from '../../domain/events/catalogue/execution.js'
import type { Scope } from '../../domain/expressions/expressionEngine.js'
import type { JsonObject, JsonValue } from '../../domain/json.js'
import type { PureOutcome, WaitPlan } from '../../domain/nodes/behaviour.js'

/** What a thread for expressions can be asked: one expression, a config's templates, or a whole decision of a node. */
export type ExpressionJob =
  | { readonly kind: 'expression'; readonly source: string; readonly scope: Scope }
  | {
      readonly kind: 'config'
      readonly config: JsonObject
      readonly scope: Scope
      readonly opaqueFields: readonly string[]
      readonly secretFields: readonly string[]
    }
  | { readonly kind: 'pure'; readonly type: string; readonly config: JsonObject; readonly scope: Scope }
  | {
      readonly kind: 'plan'
      readonly type: string
      readonly config: JsonObject
      readonly scope: Scope
      readonly now: string
    }

export type ExpressionJobResult =
  | { readonly ok: true; readonly value: JsonValue | PureOutcome | WaitPlan }
  /** An ExpressionError, or a NodeFailure. */
  | {
      readonly ok: false
      readonly error: { readonly code: string; readonly message: string } | { readonly node: NodeError }
    }
