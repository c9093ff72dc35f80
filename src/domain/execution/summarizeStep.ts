import { type ExecutionState, endedAs, type NodeState } from './executionState.js'
import type { ExplainedEdge } from './explainEdges.js'
import { getIn } from './persistentMap.js'
import type { PlannedNode, RunPlan } from './runPlan.js'
import { decidedByOperator, whySkipped } from './skipReason.js'
import { timerId } from './timerIds.js'

const quantity = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

const whatItWaitsFor = ({ wait }: NodeState): string => {
  if (wait === undefined) return 'its next attempt'
  if (wait.kind === 'timer') return wait.dueAt
  if (wait.kind === 'signal') return `the signal ${wait.name}`
  return wait.kind === 'map' ? quantity(wait.inputs.length, 'child run') : 'its child run'
}

const whyItWaits = ({ paused, signals }: ExecutionState, node: NodeState): string => {
  const { wait } = node
  if (!paused) return `waits for ${whatItWaitsFor(node)}`
  const hasCome = wait?.kind === 'signal' && signals.some(({ name }) => name === wait.name)
  return hasCome
    ? `${whatItWaitsFor(node)} has come, but the run is paused`
    : `waits for ${whatItWaitsFor(node)}, and the run is paused`
}

/** Why a step that may be attempted is not. */
const whyNotYet = ({ phase, paused, ending }: ExecutionState): string | undefined => {
  if (phase === 'queued') return 'the run is in the queue'
  if (ending !== undefined) return 'the run is about to end'
  return paused ? 'ready, but the run is paused' : undefined
}

/** How a step stands, and why, in one sentence for people. */
export const summarizeStep = (
  state: ExecutionState,
  plan: RunPlan,
  planned: PlannedNode,
  node: NodeState | undefined,
  edges: readonly ExplainedEdge[],
): string => {
  const unresolved = edges.filter(({ status }) => status === 'unresolved').map(({ fromKey }) => fromKey)
  const [waiting] = unresolved
  if (node === undefined || node.status === 'pending') {
    if (state.phase === 'ended') return `the run ${endedAs[state.outcome ?? 'completed']}, and did not come to it`
    if (waiting !== undefined) return `waits for ${unresolved.join(', ')}`
    return whyNotYet(state) ?? 'the run has not come to it'
  }
  const error = node.error === undefined ? '' : `${node.error.code}: ${node.error.message}`
  switch (node.status) {
    case 'scheduled':
      return whyNotYet(state) ?? 'ready for an executor'
    case 'running':
      return `attempt ${node.attempts} is in flight`
    case 'retrying': {
      const retryAt = getIn(state.timers, timerId('retry', node.nodeId, node.attempts))?.dueAt
      return `attempt ${node.attempts} failed (${error}); it is tried again at ${retryAt ?? 'its time'}`
    }
    case 'waiting':
      return whyItWaits(state, node)
    case 'held':
      return `failed (${error}) and is held for an operator`
    case 'inDoubt':
      return `nobody knows whether attempt ${node.attempts} took effect; it is held for an operator`
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
      return `was open when the run ${endedAs[state.outcome ?? state.ending?.outcome ?? 'cancelled']}`
  }
}
