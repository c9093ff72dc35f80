import { type ExecutionState, endedAs } from './executionState.js'
import type { RunPlan } from './runPlan.js'

const inBrackets = (reason: string | undefined): string => (reason === undefined ? '' : ` (${reason})`)

const failedAt = ({ ending }: ExecutionState, plan: RunPlan): string => {
  const key = ending?.nodeId === undefined ? undefined : plan.byId.get(ending.nodeId)?.node.key
  const error = ending?.error === undefined ? undefined : `${ending.error.code}: ${ending.error.message}`
  return `failed${key === undefined ? '' : ` at ${key}`}${inBrackets(error)}`
}

/**
 * How a run ended and why, behind the words "the run": `failed at pay (http_status: …)`, `was cancelled (asked for by …)`. Of one that
 * is about to end: how it will have ended.
 */
export const howItEnded = (state: ExecutionState, plan: RunPlan): string => {
  const outcome = state.outcome ?? state.ending?.outcome ?? 'completed'
  if (outcome === 'failed') return failedAt(state, plan)
  return `${endedAs[outcome]}${inBrackets(outcome === 'cancelled' ? state.ending?.reason : undefined)}`
}

/** The same of a run that is about to end, while it is; undefined of any other. */
export const howItIsEnding = (state: ExecutionState, plan: RunPlan): string | undefined => {
  if (state.phase === 'ended' || state.ending === undefined) return undefined
  return state.ending.outcome === 'cancelled'
    ? `is being cancelled${inBrackets(state.ending.reason)}`
    : howItEnded(state, plan)
}
