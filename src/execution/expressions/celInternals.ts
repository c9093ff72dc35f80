import { Environment, type ParseResult } from '@marcbachmann/cel-js'
import { expressionLimits } from './limits.js'

/**
 * What we use of cel-js beyond its public types, in one place: the syntax tree with the handlers that its checker put
 * on the nodes, the evaluator and the registry of types. The dependency is pinned exactly; unit tests hold all this.
 */
export interface CelNode {
  readonly op: string
  readonly args: unknown
  readonly start: number
  readonly end: number
  readonly meta: { readonly alternate?: CelNode; readonly macro?: CelMacro }
  checkedType?: unknown
  /** Called with the evaluated operands. Its other parameters depend on `op`. */
  handle?: (...parameters: never[]) => unknown
  check(checker: CelChecker, node: CelNode, context: CelContext): unknown
  setMeta(key: string, value: unknown): CelNode
}

export interface CelType {
  readonly kind: string
  readonly name: string
  readonly valueType?: CelType
}

/** A frame of variables. `reuse` gives it another parent. */
export interface CelContext {
  iterValue?: unknown
  accuValue?: unknown
  forkWithVariable(name: string, type: unknown): CelContext
  reuse(parent: unknown): CelContext
  setIterValue(value: unknown, evaluator: CelEvaluator): CelContext
}

export interface CelMacro {
  bindCtx?: CelContext
  evaluate(evaluator: CelEvaluator, macro: CelMacro, context: CelContext): unknown
}

export interface CelChecker {
  check(node: CelNode, context: CelContext): CelType
  getType(name: string): CelType
}

export interface CelEvaluator {
  readonly registry: CelRegistry
  run(node: CelNode, context: CelContext): unknown
  tryEval(node: CelNode, context: CelContext): unknown
}

export interface CelRegistry {
  getType(name: string): CelType
  getListType(type: CelType): CelType
  getMapType(key: CelType, value: CelType): CelType
  getOptionalType(type: CelType): CelType
  binaryOverload(left: string, op: string, right: string, handler: () => never, returns: string, isAsync: boolean): void
}

export interface CelExpression {
  (context: unknown): unknown
  readonly ast: CelNode
  readonly check: ParseResult['check']
}

/** An environment with its evaluator laid open. */
export interface CelEnvironment {
  readonly environment: Environment
  readonly evaluator: CelEvaluator
  parse(source: string): CelExpression
}

export const openEnvironment = (): CelEnvironment => {
  const environment = new Environment({
    homogeneousAggregateLiterals: false,
    enableOptionalTypes: true,
    limits: {
      maxAstNodes: expressionLimits.nodes,
      maxDepth: expressionLimits.depth,
      maxListElements: expressionLimits.literalEntries,
      maxMapEntries: expressionLimits.literalEntries,
    },
  })
  return {
    environment,
    evaluator: evaluatorOf(environment),
    parse: (source) => environment.parse(source) as unknown as CelExpression,
  }
}

/** Functions are called with the evaluator as `this`: one that is called once hands it out. */
const evaluatorOf = (environment: Environment): CelEvaluator => {
  let found: CelEvaluator | undefined
  environment.registerFunction(
    'openEvaluator(): bool',
    function (this: CelEvaluator) {
      found = this
      return true
    },
    { async: false },
  )
  environment.evaluate('openEvaluator()')
  if (found === undefined) throw new Error('cel-js no longer calls functions with its evaluator')
  return found
}
