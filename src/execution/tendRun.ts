import type { RunWriter } from '../commands/executions/runWriter.js'
import type { Clock } from '../commands/ports.js'
import { FlowledgerError } from '../domain/errors.js'
import { decideInDoubt } from '../domain/execution/decide/attempts.js'
import { decideContinue } from '../domain/execution/decide/controls.js'
import { decideTimers } from '../domain/execution/decide/timers.js'
import type { ExecutionState, NodeState } from '../domain/execution/executionState.js'
import { endingGraceMs } from '../domain/execution/finishRun.js'
import { valuesOf } from '../domain/execution/persistentMap.js'
import { waitsForChildren } from '../domain/execution/waitTimeout.js'
import type { Attempts } from './attempts.js'
import type { ChildWaits } from './childWaits.js'
import type { ContextFor } from './executorContext.js'
import type { TimerService } from './timers.js'

export interface TendDependencies {
  readonly runs: RunWriter
  readonly attempts: Attempts
  readonly children: ChildWaits
  readonly timers: TimerService
  readonly contextFor: ContextFor
  readonly clock: Clock
  readonly executor: string
  /** No other process claims attempts of this log, so whatever is not in flight here is nobody's. */
  readonly sole: boolean
}

/** The name of the timer that looks at a run again when its grace for ending is over. It is in no log. */
export const graceTimer = 'grace'

/** A claim that this process has just made is in flight in a moment; only an older one was lost. */
const claimSettlesMs = 5_000

const isLost = (node: NodeState, now: number, { executor, sole }: TendDependencies): string | undefined => {
  const current = node.history.at(-1)
  if (current === undefined || Date.parse(node.leaseUntil ?? '') < now)
    return 'its lease is over and nobody recorded an outcome'
  const isSettled = now - Date.parse(current.startedAt) > claimSettlesMs
  if (current.executor === executor) return isSettled ? 'it was claimed and never begun' : undefined
  return sole ? 'its executor is gone' : undefined
}

/** Arms what is due later; the timers that are due now. */
const dueTimers = (state: ExecutionState, now: number, timers: TimerService): string[] => {
  const due: string[] = []
  for (const { timerId, dueAt, fired } of valuesOf(state.timers)) {
    if (fired) continue
    const at = Date.parse(dueAt)
    if (at <= now) due.push(timerId)
    else timers.add(state.executionId, timerId, at)
  }
  return due
}

/**
 * Takes a run as far as it goes from whatever state it is in: fires what is due, doubts attempts that nobody carries out,
 * claims what is ready, looks after children, ends what is ending. It reads the stream first, and where nothing is to be
 * done nothing is appended, so it may be called at any time, for any run, by any process.
 */
export const tendRun = async (dependencies: TendDependencies, executionId: string): Promise<void> => {
  const { runs, attempts, children, timers, contextFor, clock } = dependencies
  let { state } = await runs.load(executionId)
  if (state.phase !== 'active') return
  const now = clock.now().getTime()

  const due = dueTimers(state, now, timers)
  if (due.length > 0) {
    const fired = await runs.change(executionId, contextFor(state), (newest, plan, env) =>
      decideTimers(newest, plan, env, due),
    )
    state = fired.state
  }
  for (const node of [...valuesOf(state.nodes)]) {
    if (waitsForChildren(node)) children.look(executionId, node.nodeId)
    if (node.status !== 'running' || attempts.has(executionId, node.nodeId, node.attempts)) continue
    const reason = isLost(node, now, dependencies)
    if (reason === undefined) continue
    const ref = { nodeId: node.nodeId, attempt: node.attempts }
    const doubted = await runs.change(executionId, contextFor(state), (newest, plan, env) =>
      decideInDoubt(newest, plan, env, ref, reason),
    )
    state = doubted.state
  }
  if (state.ending !== undefined && state.ending.outcome !== 'failed' && state.phase === 'active') {
    attempts.abort(executionId, 'cancelled')
    const until = Date.parse(state.ending.since) + endingGraceMs
    if (until > now) timers.add(executionId, graceTimer, until)
  }
  await runs.change(executionId, contextFor(state), decideContinue)
}

/** Whether a failed look at a run is worth nothing more than another look later. */
export const mayPass = (error: unknown): boolean =>
  error instanceof FlowledgerError && (error.kind === 'unavailable' || error.kind === 'conflict')
