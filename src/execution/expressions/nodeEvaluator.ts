import { type ExpressionEngine, ExpressionError, type Scope } from '../../domain/expressions/expressionEngine.js'
import { isCostly, withBudget } from '../../domain/expressions/inline.js'
import { resolveConfig } from '../../domain/expressions/templates.js'
import type { JsonObject, JsonValue } from '../../domain/json.js'
import {
  NodeFailure,
  type PureNodeType,
  type PureOutcome,
  type WaitNodeType,
  type WaitPlan,
} from '../../domain/nodes/behaviour.js'
import type { NodeType } from '../../domain/nodes/nodeType.js'
import { pureTypes, waitTypes } from '../nodeTypes/pureTypes.js'
import { noFreeThread } from '../sandbox/noFreeThread.js'
import { threadEntry } from '../sandbox/startThread.js'
import { createThreadPool } from '../sandbox/threadPool.js'
import { type ThreadCaller, ThreadFailure } from '../sandbox/threadQueue.js'
import type { ExpressionJob, ExpressionJobResult } from './expressionJob.js'
import { limitCode } from './meter.js'

/** A pure node type, or a waiting one, is asked here when its expressions could take long. */
export interface NodeEvaluator {
  /** One expression, always in a thread. Throws ExpressionError, `expression_timeout` among its codes. */
  evaluateInWorker(source: string, scope: Scope, timeoutMs: number): Promise<JsonValue>
  /**
   * A decision, or the plan of a wait, that proved too much or is known to be for the process that answers requests: in a
   * thread. Types that are not of this program's own are asked here. Throw NodeFailure or ExpressionError.
   */
  decide(type: PureNodeType, config: JsonObject, scope: Scope, caller?: ThreadCaller): Promise<PureOutcome>
  plan(type: WaitNodeType, config: JsonObject, scope: Scope, now: string, caller?: ThreadCaller): Promise<WaitPlan>
  /** A config without its expressions: here when that is cheap, else in a thread. Throws ExpressionError, NodeFailure `no_free_thread`. */
  resolve(type: NodeType, config: JsonObject, scope: Scope, caller?: ThreadCaller): Promise<JsonObject>
  close(): Promise<void>
}

export interface NodeEvaluatorOptions {
  readonly engine: ExpressionEngine
  readonly threads?: number
  /** For one decision in a thread. */
  readonly timeoutMs?: number
}

export const createNodeEvaluator = ({
  engine,
  threads = 2,
  timeoutMs = 5_000,
}: NodeEvaluatorOptions): NodeEvaluator => {
  const pool = createThreadPool<ExpressionJob, ExpressionJobResult>({
    entry: threadEntry('expressionThread', import.meta.url),
    name: 'expressions',
    size: threads,
    perGroup: Math.max(1, threads - 1),
    resourceLimits: { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 32 },
  })

  const inThread = async (job: ExpressionJob, limitMs: number, caller?: ThreadCaller): Promise<unknown> => {
    const result = await pool.run(job, limitMs, caller).catch((error: unknown) => {
      throw error instanceof ThreadFailure ? fromThread(error) : error
    })
    if (result.ok) return result.value
    if ('node' in result.error) throw new NodeFailure(result.error.node)
    throw new ExpressionError(result.error.code, result.error.message)
  }

  /** The config where that is cheap. */
  const resolveHere = (type: NodeType, config: JsonObject, scope: Scope): JsonObject | undefined => {
    if (isCostly(type, config, engine)) return undefined
    try {
      return resolveConfig(type, config, scope, withBudget(engine))
    } catch (error) {
      if (error instanceof ExpressionError && error.code === limitCode) return undefined
      throw error
    }
  }

  return {
    evaluateInWorker: async (source, scope, limitMs) =>
      (await inThread({ kind: 'expression', source, scope }, limitMs)) as JsonValue,
    decide: async (type, config, scope, caller) =>
      pureTypes.includes(type)
        ? ((await inThread({ kind: 'pure', type: type.type, config, scope }, timeoutMs, caller)) as PureOutcome)
        : type.evaluate(config, scope, engine),
    plan: async (type, config, scope, now, caller) =>
      waitTypes.includes(type)
        ? ((await inThread({ kind: 'plan', type: type.type, config, scope, now }, timeoutMs, caller)) as WaitPlan)
        : type.plan(config, scope, engine, now),
    resolve: async (type, config, scope, caller) => {
      const { opaqueFields = [], secretFields = [] } = type
      const job: ExpressionJob = { kind: 'config', config, scope, opaqueFields, secretFields }
      return resolveHere(type, config, scope) ?? ((await inThread(job, timeoutMs, caller)) as JsonObject)
    },
    close: () => pool.close(),
  }
}

const fromThread = ({ reason, message }: ThreadFailure): ExpressionError | NodeFailure => {
  if (reason === 'busy') return noFreeThread(message)
  if (reason === 'timeout') return new ExpressionError('expression_timeout', `the expression was ${message}`)
  if (reason === 'memory') return new ExpressionError(limitCode, 'the expression needs more memory than it may have')
  return new ExpressionError(reason === 'aborted' ? 'expression_aborted' : 'expression_failed', message)
}
