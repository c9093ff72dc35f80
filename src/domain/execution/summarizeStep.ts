import { type ExecutionState, endedAs, type NodeState, type Resolution } from './executionState.js'
import type { ExplainedEdge } from './explainEdges.js'
import { getIn } from './persistentMap.js'
import type { PlannedNode } from './runPlan.js'
import { timerId } from './timerIds.js'

const quantity = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

const whyDead = ({ fromKey, port, reason, decisions }: ExplainedEdge): string => {
  if (reason === 'triggerNotUsed') return `${fromKey} did not start the run`
  if (reason === 'sourceSkipped') return `${fromKey} was skipped`
  if (reason === 'sourceFailed') return `${fromKey} failed`
  const decided = decisions?.map(({ expression, result }) => `${expression} was ${JSON.stringify(result)}`)
  return `${fromKey} did not emit ${port}${decided ? ` (${decided.join(', ')})` : ''}`
}

const whySkipped = (planned: PlannedNode, node: NodeState, edges: readonly ExplainedEdge[]): string => {
  const resolution = node.resolutions?.at(-1)
  if (resolution?.action === 'skip') return `an operator skipped it: ${resolution.reason}`
  if (planned.mode === 'trigger') return 'the run was started by another trigger'
  if (edges.length === 0) return 'no edge leads to it'
  const dead = edges.filter(({ status }) => status === 'dead')
  const [first] = dead
  const are = dead.length === 1 ? 'is' : 'are'
  const because = first === undefined ? '' : `: ${whyDead(first)}`
  return `${dead.length} of ${quantity(edges.length, 'in-edge')} ${are} dead, so its join can't be met${because}`
}

/** What an operator decided of it, where it stands as it does because of that. */
const decidedByOperator = (
  { resolutions, finishedAt }: NodeState,
  action: Resolution['action'],
): string | undefined => {
  const last = resolutions?.at(-1)
  return last?.action === action && last.at === finishedAt ? last.reason : undefined
}

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
      return whySkipped(planned, node, edges)
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
