import { setTimeout as delay } from 'node:timers/promises'
import type { RunPlans } from '../commands/executions/runPlans.js'
import type { RunWriter } from '../commands/executions/runWriter.js'
import { FlowledgerError } from '../domain/errors.js'
import { type AttemptOutcome, decideInDoubt, decideOutcome } from '../domain/execution/decide/attempts.js'
import type { ExecutionState } from '../domain/execution/executionState.js'
import { getIn } from '../domain/execution/persistentMap.js'
import { plannedNode, type RunPlan } from '../domain/execution/runPlan.js'
import { type AbortReason, type AttemptAbort, createAttemptAbort } from './attemptAbort.js'
import type { SlotPool } from './attemptSlots.js'
import type { ContextFor } from './executorContext.js'
import { type AttemptRunner, runAttempt } from './runAttempt.js'

interface InFlight {
  readonly executionId: string
  readonly nodeId: string
  readonly attempt: number
  readonly abort: AttemptAbort
  readonly state: ExecutionState
  done: Promise<void>
}

export interface Attempts {
  /** Carries out an attempt that this process has claimed, and records its outcome. Its slot is given back at the end. */
  launch(state: ExecutionState, nodeId: string, attempt: number, claimedBy: string): void
  has(executionId: string, nodeId: string, attempt: number): boolean
  /** Tells the attempts of a run to give in. */
  abort(executionId: string, reason: AbortReason): void
  /** Runs with attempts in flight in this process. */
  executions(): readonly string[]
  /** Waits for all, at most so long; what is left then is given up as in doubt. */
  drain(graceMs: number): Promise<void>
  readonly inFlight: number
}

export interface AttemptsDependencies {
  readonly runs: RunWriter
  readonly plans: RunPlans
  readonly runner: AttemptRunner
  readonly slots: SlotPool
  readonly contextFor: ContextFor
}

const firstPauseMs = 50
const longestPauseMs = 5_000

export const createAttempts = ({ runs, plans, runner, slots, contextFor }: AttemptsDependencies): Attempts => {
  const inFlight = new Map<string, InFlight>()
  const keyOf = (executionId: string, nodeId: string, attempt: number): string => `${executionId}/${nodeId}/${attempt}`
  let abandoning = false

  /** An outcome is worth a few tries: without it the attempt would be in doubt. */
  const record = async (
    flight: InFlight,
    plan: RunPlan,
    outcome: AttemptOutcome,
    causationId: string,
  ): Promise<void> => {
    const context = contextFor(flight.state, causationId)
    const ref = { nodeId: flight.nodeId, attempt: flight.attempt }
    for (let pause = firstPauseMs; ; pause = Math.min(pause * 2, longestPauseMs)) {
      try {
        await runs.changePlanned(flight.executionId, context, plan, (state, _, env) =>
          decideOutcome(state, plan, env, ref, outcome),
        )
        return
      } catch (error) {
        const mayPass = error instanceof FlowledgerError && (error.kind === 'unavailable' || error.kind === 'conflict')
        if (!mayPass || abandoning) throw error
        await delay(pause, undefined, { ref: false })
      }
    }
  }

  const giveUp = (flight: InFlight): Promise<unknown> =>
    runs.change(flight.executionId, contextFor(flight.state), (state, plan, env) => {
      const { claim: _claim, ...unclaimed } = env
      return decideInDoubt(state, plan, unclaimed, flight, 'the executor was stopped before the attempt ended')
    })

  const carryOut = async (flight: InFlight, claimedBy: string): Promise<void> => {
    const { executionId, nodeId, attempt, abort, state } = flight
    let holdsSlot = true
    try {
      const { plan } = await plans.pinned(state.workflowId, state.version)
      const node = getIn(state.nodes, nodeId)
      if (node === undefined) throw new Error(`run ${executionId} has no step ${nodeId}`)
      const outcome = await runAttempt(runner, state, plannedNode(plan, nodeId), node, abort)
      // The place is free for what the outcome makes ready, so it is given back before that is claimed.
      slots.release()
      holdsSlot = false
      if (abort.reason === 'shutdown') await giveUp(flight)
      else await record(flight, plan, outcome, claimedBy)
    } catch (error) {
      // The attempt stays without an outcome; the scan finds it when its lease is over.
      runner.unexpected(error)
    } finally {
      inFlight.delete(keyOf(executionId, nodeId, attempt))
      if (holdsSlot) slots.release()
    }
  }

  return {
    get inFlight() {
      return inFlight.size
    },
    launch: (state, nodeId, attempt, claimedBy) => {
      const { executionId } = state
      const flight: InFlight = {
        executionId,
        nodeId,
        attempt,
        abort: createAttemptAbort(),
        state,
        done: Promise.resolve(),
      }
      inFlight.set(keyOf(executionId, nodeId, attempt), flight)
      flight.done = carryOut(flight, claimedBy)
    },
    has: (executionId, nodeId, attempt) => inFlight.has(keyOf(executionId, nodeId, attempt)),
    abort: (executionId, reason) => {
      for (const flight of inFlight.values()) if (flight.executionId === executionId) flight.abort.abort(reason)
    },
    executions: () => [...new Set([...inFlight.values()].map(({ executionId }) => executionId))],
    drain: async (graceMs) => {
      const all = () => Promise.all([...inFlight.values()].map(({ done }) => done))
      const timer = new AbortController()
      const grace = delay(graceMs, undefined, { signal: timer.signal, ref: false }).catch(() => undefined)
      // What ends may claim nothing new any more, so this ends when all are done.
      await Promise.race([all(), grace])
      timer.abort()
      abandoning = true
      for (const { abort } of inFlight.values()) abort.abort('shutdown')
      await all()
    },
  }
}
