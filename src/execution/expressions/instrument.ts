import { EvaluationError } from '@marcbachmann/cel-js'
import { beforeCall, replacements } from './callGuards.js'
import type { CelContext, CelEvaluator, CelMacro, CelNode } from './celInternals.js'
import { charge, chargeText, type Meter } from './meter.js'
import { type BinaryHandler, binaryHandler } from './operators.js'
import { calledName, partsOf, sizeOf } from './syntaxTree.js'

type AnyHandler = (...parameters: unknown[]) => unknown

/**
 * Puts our own handlers on a checked tree: operators with our arithmetic, calls and loops that charge the meter for the
 * data they walk. Scopes are let go after each evaluation, so that a cached expression keeps no run's data alive.
 */
export const instrument = (root: CelNode, meter: Meter): void => {
  const visit = (node: CelNode): void => {
    const { children, bound } = partsOf(node)
    for (const child of [...children, ...(bound?.children ?? [])]) visit(child)
    const handle = node.handle as AnyHandler | undefined
    if (node.meta.alternate?.op === 'comprehension') guardLoop(node, node.meta.alternate, meter)
    else if (node.meta.macro !== undefined) guardMacro(node.meta.macro)
    else if (handle === undefined) return
    else if (node.op === 'call' || node.op === 'rcall') {
      node.handle = (parameters: never, ...rest: never[]) => guardCall(node, handle, parameters, rest, meter)
    } else {
      const own = binaryHandler(node.op, meter, handle as BinaryHandler)
      if (own !== undefined) node.handle = own as AnyHandler
    }
  }
  visit(root)
}

const guardCall = (
  node: CelNode,
  handle: AnyHandler,
  parameters: readonly unknown[],
  rest: readonly unknown[],
  meter: Meter,
): unknown => {
  const name = calledName(node) ?? ''
  charge(meter, 4)
  for (const parameter of parameters) {
    if (typeof parameter === 'string') chargeText(meter, parameter.length)
  }
  beforeCall(name, parameters, meter)
  const replaced = node.op === 'rcall' ? replacements.get(name)?.(parameters, meter) : undefined
  const result = replaced ?? handle(parameters, ...rest)
  if (typeof result === 'string') chargeText(meter, result.length)
  else if (Array.isArray(result)) charge(meter, result.length)
  return result
}

interface LoopArguments {
  readonly iterCtx: CelContext
}

const guardLoop = (node: CelNode, loop: CelNode, meter: Meter): void => {
  const handle = loop.handle as AnyHandler | undefined
  if (handle === undefined) throw new Error('cel-js no longer puts a handler on loops')
  const cost = (partsOf(node).bound?.children ?? []).reduce((sum, child) => sum + sizeOf(child), 1)
  const guarded: AnyHandler = (items, args, evaluator, context) => {
    charge(meter, countOf(items) * cost)
    try {
      return handle(items, args, evaluator, context)
    } finally {
      letGo((args as LoopArguments).iterCtx)
    }
  }
  loop.handle = guarded
}

const countOf = (items: unknown): number => {
  if (Array.isArray(items)) return items.length
  return items !== null && typeof items === 'object' ? Object.keys(items).length : 0
}

const guardMacro = (macro: CelMacro): void => {
  const evaluate = macro.evaluate
  macro.evaluate = (evaluator, self, context) => {
    try {
      return evaluate(evaluator, self, context)
    } finally {
      if (self.bindCtx !== undefined) letGo(self.bindCtx)
    }
  }
}

const letGo = (context: CelContext): void => {
  context.reuse(undefined)
  context.iterValue = undefined
  context.accuValue = undefined
}

/**
 * `||`, `&&`, all() and exists() absorb errors. Making one costs microseconds, so each is charged; and an exceeded limit
 * is never absorbed.
 */
export const chargeAbsorbedErrors = (evaluator: CelEvaluator, meter: Meter): void => {
  evaluator.tryEval = (node, context) => {
    try {
      return evaluator.run(node, context)
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error
      charge(meter, 200)
      return error
    }
  }
}
