import type { Decision, NodeError } from '../events/catalogue/execution.js'
import type { ExpressionEngine, Scope } from '../expressions/expressionEngine.js'
import type { JsonObject, JsonValue } from '../json.js'
import type { NodeType } from './nodeType.js'
import type { ThreadTurn } from './threadTurn.js'

/** A node that fails, with what is recorded of it. Thrown by evaluate, planWait and run. */
export class NodeFailure extends Error {
  override readonly name = 'NodeFailure'

  constructor(readonly error: NodeError) {
    super(error.message)
  }
}

/** What a pure node came to. Without `output` it passes its input through. */
export interface PureOutcome {
  readonly output?: JsonValue
  readonly ports: readonly string[]
  readonly decisions?: readonly Decision[]
}

/** Decided inline by the run itself. `config` is as the user wrote it: the node evaluates what it needs. */
export interface PureNodeType extends NodeType {
  readonly kind: 'pure'
  evaluate(config: JsonObject, scope: Scope, engine: ExpressionEngine): PureOutcome
}

/** One attempt of a side effect. `config` has all its expressions and secrets resolved. */
export interface Attempt {
  readonly config: JsonObject
  readonly input: JsonValue
  /** What expressions see, without secrets; for a node type that hands it to code of the user's. */
  readonly scope?: Scope
  readonly executionId: string
  readonly nodeKey: string
  readonly attempt: number
  /** `<execution>:<node>:<iteration>`, the same over retries (execution.md, promise 4). */
  readonly idempotencyKey: string
  /** W3C; what the attempt calls may go on with the trace. Absent where no trace is on. */
  readonly traceparent?: string
  /** Aborts at the attempt's timeout, on cancel and on shutdown. */
  readonly signal: AbortSignal
  /** For work in one of the few threads for users' code. */
  readonly turn?: ThreadTurn
}

export interface SideEffectNodeType extends NodeType {
  readonly kind: 'sideEffect'
  /** Resolves with the output, emitted on `out`; throws NodeFailure. Runs once per attempt. */
  run(attempt: Attempt): Promise<JsonValue>
  /** What to do with an attempt that a crash left without an outcome, when the policy says nothing. */
  inDoubt(config: JsonObject): 'retry' | 'hold'
  /** Upper bound of an attempt where neither policy nor config says one. */
  readonly defaultTimeoutMs: number
}

/** What a waiting node waits for; the run records it durably. Times are ISO 8601. */
export type WaitPlan =
  | { readonly kind: 'timer'; readonly dueAt: string }
  | { readonly kind: 'signal'; readonly name: string; readonly timeoutAt?: string }
  | { readonly kind: 'subworkflow'; readonly workflowId: string; readonly version?: number; readonly input: JsonValue }
  | {
      readonly kind: 'map'
      readonly workflowId: string
      readonly version?: number
      /** The input of each child run, in the order of the items. */
      readonly inputs: readonly JsonValue[]
      readonly maxConcurrency: number
      readonly toleratedFailures: number
    }

export interface WaitNodeType extends NodeType {
  readonly kind: 'wait'
  plan(config: JsonObject, scope: Scope, engine: ExpressionEngine, now: string): WaitPlan
}

export interface TriggerNodeType extends NodeType {
  readonly kind: 'trigger'
  /** Checks the run's input against what the config asks for; throws FlowledgerError `invalid_input` with pointers. */
  checkInput?(config: JsonObject, input: JsonValue): void
}

export type ExecutableNodeType = PureNodeType | SideEffectNodeType | WaitNodeType | TriggerNodeType
export type ExecutableNodeTypes = ReadonlyMap<string, ExecutableNodeType>
