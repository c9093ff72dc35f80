import { v5 as uuidv5 } from 'uuid'
import { notFound } from '../../domain/errors.js'
import type { ExecutionEvent } from '../../domain/events/catalogue/index.js'
import { decideContinue } from '../../domain/execution/decide/controls.js'
import type { ExecutionState } from '../../domain/execution/executionState.js'
import type { RunDecision, RunEnvironment } from '../../domain/execution/run.js'
import type { RunPlan } from '../../domain/execution/runPlan.js'
import type { ExpressionEngine } from '../../domain/expressions/expressionEngine.js'
import type { CommandContext, CommandHandler, CommandOutcome, LoadOptions } from '../commandHandler.js'
import { executionAggregate } from './executionAggregate.js'
import type { ExecutionResult } from './executionCommands.js'
import type { RunHub } from './runHub.js'
import type { RunPlans } from './runPlans.js'

/** Pure; it may be called again on a newer state. */
export type DecideRun = (state: ExecutionState, plan: RunPlan, env: RunEnvironment) => RunDecision

/** The one way in which runs are changed: decide, append, tell the process, and go on where an append had to be cut. */
export interface RunWriter {
  /** Throws `execution_not_found` where there is no such run. */
  change(executionId: string, context: CommandContext, decide: DecideRun): Promise<ExecutionResult>
  /** The same for who has the plan of the run's version. */
  changePlanned(
    executionId: string,
    context: CommandContext,
    plan: RunPlan,
    decide: DecideRun,
  ): Promise<ExecutionResult>
  /** For a run that does not exist yet. */
  begin(executionId: string, context: CommandContext, plan: RunPlan, decide: DecideRun): Promise<ExecutionResult>
  /** `maxAgeMs`: a state that was the newest so long ago is good enough. Throws `execution_not_found`. */
  load(executionId: string, maxAgeMs?: number): Promise<ExecutionResult>
  /** The newest state; undefined where there is no such run. */
  find(executionId: string): Promise<ExecutionResult | undefined>
  /** A state that holds the event of that revision. Throws `execution_not_found`. */
  loadIncluding(executionId: string, revision: number): Promise<ExecutionResult>
}

export interface RunWriterDependencies {
  readonly handler: CommandHandler
  readonly plans: RunPlans
  readonly engine: ExpressionEngine
  readonly hub: RunHub
  /** 0 (inclusive) to 1: jitter of retries. */
  readonly random?: () => number
}

/** How many attempts one append claims at most; what else it makes ready goes to whoever has room. */
const claimsPerAppend = 4

const missing = (executionId: string) => notFound('execution_not_found', `There is no execution ${executionId}.`)

/** The command that goes on after an append that was cut: derived, so that a repeated command repeats it too. */
const continuation = (context: CommandContext, part: number): CommandContext => {
  const { ifMatch: _ifMatch, requestHash: _requestHash, ...rest } = context
  return { ...rest, commandId: uuidv5(`part ${part}`, context.commandId) }
}

export const createRunWriter = ({
  handler,
  plans,
  engine,
  hub,
  random = Math.random,
}: RunWriterDependencies): RunWriter => {
  type Outcome = CommandOutcome<ExecutionState, ExecutionEvent>

  const append = async (
    executionId: string,
    context: CommandContext,
    plan: RunPlan,
    decide: DecideRun,
    isNew: boolean,
  ): Promise<{ outcome: Outcome; cut: boolean }> => {
    const { slots } = hub
    const reserved = slots?.reserve(Math.min(claimsPerAppend, plan.attempted)) ?? 0
    let decision: RunDecision = { events: [], cut: false }
    let used = 0
    try {
      const outcome = await handler.handle(
        executionAggregate,
        executionId,
        context,
        (state) => {
          if (!isNew && state.phase === 'absent') throw missing(executionId)
          const claim =
            slots && reserved > 0 ? { executor: slots.executor, slots: reserved, graceMs: slots.graceMs } : undefined
          const env = { engine, now: context.now, actor: context.actor, random: random() }
          decision = decide(state, plan, claim === undefined ? env : { ...env, claim })
          return decision.events
        },
        { expectNew: isNew },
      )
      const written = !outcome.replayed && outcome.events.length > 0
      if (written && slots !== undefined && reserved > 0) {
        for (const { type } of outcome.events) if (type === 'NodeAttemptStarted') used += 1
      }
      if (written) hub.committed({ executionId, ...outcome })
      return { outcome, cut: written && decision.cut }
    } finally {
      slots?.settle(reserved, used)
    }
  }

  const carryOut = async (
    executionId: string,
    context: CommandContext,
    plan: RunPlan,
    decide: DecideRun,
    isNew: boolean,
  ): Promise<ExecutionResult> => {
    const first = await append(executionId, context, plan, decide, isNew)
    let { outcome, cut } = first
    for (let part = 1; cut; part += 1) {
      const rest = await append(executionId, continuation(context, part), plan, decideContinue, false)
      if (rest.outcome.position !== undefined) outcome = rest.outcome
      cut = rest.cut
    }
    const { state, revision, position } = outcome
    return { executionId, state, revision, position, replayed: first.outcome.replayed }
  }

  const find = async (executionId: string, options: LoadOptions = {}): Promise<ExecutionResult | undefined> => {
    const { state, revision } = await handler.load(executionAggregate, executionId, options)
    if (state.phase === 'absent') return undefined
    return { executionId, state, revision, position: undefined, replayed: false }
  }

  const loadWith = async (executionId: string, options: LoadOptions): Promise<ExecutionResult> => {
    const found = await find(executionId, options)
    if (found === undefined) throw missing(executionId)
    return found
  }

  const load = (executionId: string, maxAgeMs = 0): Promise<ExecutionResult> => loadWith(executionId, { maxAgeMs })

  return {
    load,
    find: (executionId) => find(executionId),
    loadIncluding: (executionId, including) => loadWith(executionId, { including }),
    change: async (executionId, context, decide) => {
      // Only what never changes is taken from this state: which version the run is pinned to.
      const { state } = await load(executionId, Number.POSITIVE_INFINITY)
      const { plan } = await plans.pinned(state.workflowId, state.version)
      return carryOut(executionId, context, plan, decide, false)
    },
    changePlanned: (executionId, context, plan, decide) => carryOut(executionId, context, plan, decide, false),
    begin: (executionId, context, plan, decide) => carryOut(executionId, context, plan, decide, true),
  }
}
