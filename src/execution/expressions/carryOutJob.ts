import { type ExpressionEngine, ExpressionError } from '../../domain/expressions/expressionEngine.js'
import { resolveConfig } from '../../domain/expressions/templates.js'
import type { JsonValue } from '../../domain/json.js'
import { NodeFailure, type PureOutcome, type WaitPlan } from '../../domain/nodes/behaviour.js'
import { pureTypes, waitTypes } from '../nodeTypes/pureTypes.js'
import type { ExpressionJob, ExpressionJobResult } from './expressionJob.js'

/** Carries a job out where it was sent. What the user's expressions did wrong is part of the result. */
export const carryOutJob = (job: ExpressionJob, engine: ExpressionEngine): ExpressionJobResult => {
  try {
    return { ok: true, value: outcomeOf(job, engine) }
  } catch (error) {
    if (error instanceof NodeFailure) return { ok: false, error: { node: error.error } }
    if (error instanceof ExpressionError) return { ok: false, error: { code: error.code, message: error.message } }
    throw error
  }
}

const named = <Type extends { readonly type: string }>(types: readonly Type[], name: string): Type => {
  const found = types.find(({ type }) => type === name)
  if (found === undefined) throw new Error(`no node type ${name} in this thread`)
  return found
}

const outcomeOf = (job: ExpressionJob, engine: ExpressionEngine): JsonValue | PureOutcome | WaitPlan => {
  switch (job.kind) {
    case 'expression':
      return engine.evaluate(job.source, job.scope)
    case 'config': {
      const { opaqueFields, secretFields } = job
      return resolveConfig({ opaqueFields, secretFields }, job.config, job.scope, engine)
    }
    case 'pure':
      return named(pureTypes, job.type).evaluate(job.config, job.scope, engine)
    case 'plan':
      return named(waitTypes, job.type).plan(job.config, job.scope, engine, job.now)
  }
}
