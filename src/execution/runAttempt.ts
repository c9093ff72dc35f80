import type { SecretReader } from '../commands/secrets/secretReader.js'
import { FlowledgerError } from '../domain/errors.js'
import type { NodeError } from '../domain/events/catalogue/execution.js'
import type { AttemptOutcome } from '../domain/execution/decide/attempts.js'
import { type ExecutionState, type NodeState, recordOf } from '../domain/execution/executionState.js'
import { attemptTimeoutMs, idempotencyKeyOf, threadWaitMs } from '../domain/execution/openAttempt.js'
import type { PlannedNode } from '../domain/execution/runPlan.js'
import { traceOfAttempt } from '../domain/execution/runTrace.js'
import { scopeOf } from '../domain/execution/scope.js'
import { ExpressionError } from '../domain/expressions/expressionEngine.js'
import type { JsonValue } from '../domain/json.js'
import { NodeFailure } from '../domain/nodes/behaviour.js'
import type { ThreadTurn } from '../domain/nodes/threadTurn.js'
import { redact } from '../domain/redaction.js'
import { formatTraceparent } from '../domain/trace.js'
import type { AttemptAbort } from './attemptAbort.js'
import { startCountdown } from './countdown.js'
import type { NodeEvaluator } from './expressions/nodeEvaluator.js'

export interface AttemptRunner {
  readonly secrets: SecretReader
  readonly evaluator: Pick<NodeEvaluator, 'decide' | 'plan' | 'resolve'>
  /** Attempts are traced, and what they call may go on with the trace. */
  readonly traces: boolean
  /** Hears of what was thrown that no node should throw. */
  readonly unexpected: (error: unknown) => void
}

/** How long an attempt may go on after its signal before nobody waits for it any more. */
const settleMs = 1_000

const timedOut = (milliseconds: number): NodeError => ({
  class: 'timeout',
  code: 'attempt_timeout',
  message: `the attempt took longer than ${milliseconds} ms`,
})

const aborted: NodeError = { class: 'aborted', code: 'attempt_aborted', message: 'the attempt was aborted' }

const errorOf = (thrown: unknown, { unexpected }: AttemptRunner): NodeError => {
  if (thrown instanceof NodeFailure) return thrown.error
  if (thrown instanceof ExpressionError) return { class: 'expression', code: thrown.code, message: thrown.message }
  if (thrown instanceof FlowledgerError) return { class: 'config', code: thrown.code, message: thrown.message }
  unexpected(thrown)
  return { class: 'internal', code: 'internal', message: 'the node failed unexpectedly' }
}

/** The work's result, or a failure some time after the abort where the work does not listen to it. */
const unlessGivenUp = (work: Promise<AttemptOutcome>, abort: AttemptAbort): Promise<AttemptOutcome> =>
  new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined
    abort.onAbort(() => {
      timer = setTimeout(() => reject(new NodeFailure(aborted)), settleMs)
    })
    const settle = (): void => {
      clearTimeout(timer)
      abort.onAbort(() => undefined)
    }
    work.then(
      (outcome) => {
        settle()
        resolve(outcome)
      },
      (error) => {
        settle()
        reject(error)
      },
    )
  })

interface AttemptCaller {
  readonly signal: AbortSignal
  readonly turn: ThreadTurn
}

/** The signal is made when it is asked for. */
const callerOf = (abort: AttemptAbort, turn: ThreadTurn): AttemptCaller => ({
  get signal() {
    return abort.signal
  },
  turn,
})

const carryOut = async (
  runner: AttemptRunner,
  state: ExecutionState,
  planned: PlannedNode,
  node: NodeState,
  caller: AttemptCaller,
  secrets: Readonly<Record<string, string>>,
): Promise<AttemptOutcome> => {
  const { type, node: defined } = planned
  const scope = scopeOf(state, planned, node.inputFrom)
  if (type.kind === 'pure')
    return { kind: 'completed', ...(await runner.evaluator.decide(type, defined.config, scope, caller)) }
  if (type.kind === 'wait') {
    const begun = recordOf(node, node.attempts)
    if (begun === undefined) throw new Error(`attempt ${node.attempts} of ${defined.key} was not claimed`)
    // Its time counts from the claim, not from when a thread was free.
    const wait = await runner.evaluator.plan(type, defined.config, scope, begun.startedAt, caller)
    return { kind: 'planned', wait }
  }
  if (type.kind !== 'sideEffect') throw new Error(`${defined.key} is not attempted`)
  const config = await runner.evaluator.resolve(type, defined.config, { ...scope, secrets }, caller)
  const output = await type.run({
    config,
    input: scope.input,
    scope,
    executionId: state.executionId,
    nodeKey: defined.key,
    attempt: node.attempts,
    idempotencyKey: idempotencyKeyOf(state.executionId, defined.id),
    ...(runner.traces && { traceparent: formatTraceparent(traceOfAttempt(state, defined.id, node.attempts)) }),
    get signal() {
      return caller.signal
    },
    turn: caller.turn,
  })
  return { kind: 'completed', output, ports: ['out'] }
}

/** Removes the values of secrets from whatever is about to be recorded. */
const redacted = (outcome: AttemptOutcome, values: readonly string[]): AttemptOutcome =>
  values.length === 0 ? outcome : (redact(outcome as unknown as JsonValue, values) as unknown as AttemptOutcome)

/**
 * One attempt of a node, from its config to what is to be recorded of it. Never rejects. `abort` is the attempt's own; it
 * is aborted at the attempt's timeout here (which does not count a wait for a thread), and by others for a cancelled run or a
 * shutdown.
 */
export const runAttempt = async (
  runner: AttemptRunner,
  state: ExecutionState,
  planned: PlannedNode,
  node: NodeState,
  abort: AttemptAbort,
): Promise<AttemptOutcome> => {
  const limit = attemptTimeoutMs(planned)
  const countdown = startCountdown(limit, () => abort.abort('timeout'))
  const turn = { group: state.workflowId, maxWaitMs: threadWaitMs(planned), wait: countdown.pause }
  let secrets: Readonly<Record<string, string>> = {}
  try {
    if (planned.secrets.length > 0) secrets = await runner.secrets.read(state.workflowId, planned.secrets)
    const work = carryOut(runner, state, planned, node, callerOf(abort, turn), secrets)
    return redacted(await unlessGivenUp(work, abort), Object.values(secrets))
  } catch (thrown) {
    const error = abort.reason === 'timeout' ? timedOut(limit) : errorOf(thrown, runner)
    return redacted({ kind: 'failed', error }, Object.values(secrets))
  } finally {
    countdown.stop()
  }
}
