import { cutOffByEnd } from './cutOffByEnd.js'
import { decidedByOperator } from './decidedByOperator.js'
import { type ExecutionState, type NodeState, recordOf } from './executionState.js'
import type { ExplainedEdge } from './explainEdges.js'
import { howItEnded, howItIsEnding } from './howItEnded.js'
import { getIn } from './persistentMap.js'
import type { PlannedNode, RunPlan } from './runPlan.js'
import { otherTrigger, whySkipped } from './skipReason.js'
import { whyItWaits } from './tellWait.js'
import { timerId } from './timerIds.js'
import { whatHoldsUp } from './whatHoldsUp.js'

/** Why the run as a whole begins nothing now; a pause only holds back what else could begin. */
const whyNothingBegins = (state: ExecutionState, plan: RunPlan): string | undefined => {
  const ending = howItIsEnding(state, plan)
  if (ending !== undefined) return `the run ${ending}, and begins nothing any more`
  if (state.phase !== 'queued') return undefined
  return state.paused ? 'the run is in the queue, and is paused' : 'the run is in the queue'
}

const butEnding = (state: ExecutionState, plan: RunPlan): string => {
  const ending = howItIsEnding(state, plan)
  return ending === undefined ? '' : `; the run ${ending}, and begins nothing any more`
}

const andPaused = ({ paused }: ExecutionState): string => (paused ? ', and the run is paused' : '')

const whyUndecided = (state: ExecutionState, plan: RunPlan, planned: PlannedNode): string => {
  if (planned.mode === 'trigger') return otherTrigger
  if (state.phase === 'ended') return `the run ${howItEnded(state, plan)}, and did not come to it`
  const nothing = whyNothingBegins(state, plan)
  if (nothing !== undefined) return nothing
  const before = whatHoldsUp(state, plan, planned)
  if (before !== undefined) return `${before}${andPaused(state)}`
  return state.paused ? 'ready, but the run is paused' : 'the run has not come to it'
}

const whyInDoubt = (node: NodeState): string => {
  const reason = recordOf(node, node.attempts)?.inDoubtAs
  return reason === undefined ? '' : ` (${reason})`
}

/** How a step stands, and why, in one sentence for people. */
export const summarizeStep = (
  state: ExecutionState,
  plan: RunPlan,
  planned: PlannedNode,
  node: NodeState | undefined,
  edges: readonly ExplainedEdge[],
): string => {
  if (node === undefined || node.status === 'pending') return whyUndecided(state, plan, planned)
  const error = node.error === undefined ? '' : `${node.error.code}: ${node.error.message}`
  switch (node.status) {
    case 'scheduled':
      return whyNothingBegins(state, plan) ?? (state.paused ? 'ready, but the run is paused' : 'ready for an executor')
    case 'running':
      return `attempt ${node.attempts} is in flight${butEnding(state, plan)}`
    case 'retrying': {
      const retryAt = getIn(state.timers, timerId('retry', node.nodeId, node.attempts))?.dueAt
      return `attempt ${node.attempts} failed (${error}); it is tried again at ${retryAt ?? 'its time'}${andPaused(state)}${butEnding(state, plan)}`
    }
    case 'waiting':
      return `${whyItWaits(state, node)}${butEnding(state, plan)}`
    case 'held':
      return `failed (${error}) and is held for an operator${butEnding(state, plan)}`
    case 'inDoubt':
      return `nobody knows whether attempt ${node.attempts} took effect${whyInDoubt(node)}; it is held for an operator${butEnding(state, plan)}`
    case 'completed': {
      const reason = decidedByOperator(node, 'complete')
      if (reason !== undefined) return `an operator completed it (${reason}), and it emitted ${node.ports.join(', ')}`
      const before = edges.filter(({ fromNodeId }) => node.inputFrom.includes(fromNodeId)).map(({ fromKey }) => fromKey)
      const started = planned.mode === 'trigger' ? 'started the run' : `ran after ${[...new Set(before)].join(', ')}`
      return `${started} and emitted ${node.ports.join(', ')}`
    }
    case 'skipped':
      return whySkipped(state, plan, planned, node, edges)
    case 'failed': {
      const then = {
        errorPort: 'the run went on at its error port',
        continue: 'the run went on with null',
        failRun: 'the run failed with it',
        hold: 'it was held',
      }
      const reason = decidedByOperator(node, 'fail')
      const what = reason === undefined ? `failed (${error})` : `an operator let it fail (${reason})`
      return `${what}; ${then[node.handling ?? 'failRun']}`
    }
    case 'cancelled':
      return cutOffByEnd(state, plan, node)
  }
}
