import type { Join } from '../definition.js'
import type { Decision, NodeError } from '../events/catalogue/execution.js'
import type {
  AttemptRecord,
  ExecutionState,
  NodeState,
  NodeStatus,
  RecordedWait,
  Resolution,
} from './executionState.js'
import { type ExplainedEdge, explainEdges } from './explainEdges.js'
import { getIn, valuesOf } from './persistentMap.js'
import { type PlannedNode, plannedNode, type RunPlan } from './runPlan.js'
import { whySkipped } from './skipReason.js'

/** Why a step ran, was skipped, failed or waits. All of it is recorded; nothing is computed again. */
export interface StepExplanation {
  readonly nodeId: string
  readonly key: string
  readonly type: string
  readonly status: NodeStatus
  /** One sentence for people. */
  readonly summary: string
  readonly join: Join
  readonly edges: readonly ExplainedEdge[]
  /** Nodes whose outputs made the input. */
  readonly inputFrom: readonly string[]
  readonly ports: readonly string[]
  readonly decisions: readonly Decision[]
  readonly attempts: readonly AttemptRecord[]
  readonly error: NodeError | null
  readonly handling: NodeState['handling'] | null
  readonly waitsFor: {
    readonly wait: RecordedWait | null
    readonly timers: readonly { readonly kind: string; readonly dueAt: string }[]
  } | null
  readonly resolutions: readonly Resolution[]
}

const quantity = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

const whatItWaitsFor = ({ wait }: NodeState): string => {
  if (wait === undefined) return 'its next attempt'
  if (wait.kind === 'timer') return wait.dueAt
  if (wait.kind === 'signal') return `the signal ${wait.name}`
  return wait.kind === 'map' ? quantity(wait.inputs.length, 'child run') : 'its child run'
}

const summarize = (
  state: ExecutionState,
  plan: RunPlan,
  planned: PlannedNode,
  node: NodeState | undefined,
  edges: readonly ExplainedEdge[],
): string => {
  const unresolved = edges.filter(({ status }) => status === 'unresolved').map(({ fromKey }) => fromKey)
  const [waiting] = unresolved
  if (node === undefined || node.status === 'pending') {
    if (state.phase === 'ended') return `the run is ${state.outcome}, and did not come to it`
    return waiting === undefined ? 'the run has not come to it' : `waits for ${unresolved.join(', ')}`
  }
  const error = node.error === undefined ? '' : `${node.error.code}: ${node.error.message}`
  switch (node.status) {
    case 'scheduled':
      return state.paused ? 'ready, but the run is paused' : 'ready for an executor'
    case 'running':
      return `attempt ${node.attempts} is in flight`
    case 'retrying':
      return `attempt ${node.attempts} failed (${error}); it is tried again at ${node.history.at(-1)?.retryAt ?? 'its time'}`
    case 'waiting':
      return `waits for ${whatItWaitsFor(node)}`
    case 'held':
      return `failed (${error}) and is held for an operator`
    case 'inDoubt':
      return `nobody knows whether attempt ${node.attempts} took effect; it is held for an operator`
    case 'completed': {
      const taken = edges.filter(({ status }) => status === 'taken').map(({ fromKey }) => fromKey)
      const started = planned.mode === 'trigger' ? 'started the run' : `ran after ${taken.join(', ')}`
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
      return `failed (${error}); ${then[node.handling ?? 'failRun']}`
    }
    case 'cancelled':
      return `was open when the run was ${state.outcome ?? 'ended'}`
  }
}

/** Explains a step of a run from its state. Throws where the version has no such node. */
export const explainStep = (state: ExecutionState, plan: RunPlan, nodeId: string): StepExplanation => {
  const planned = plannedNode(plan, nodeId)
  const node = getIn(state.nodes, nodeId)
  const edges = explainEdges(state, plan, planned)
  const timers = [...valuesOf(state.timers)]
    .filter((timer) => timer.nodeId === nodeId && !timer.fired && timer.timerId.endsWith(`:${node?.attempts}`))
    .map(({ kind, dueAt }) => ({ kind, dueAt }))
  const isWaiting = node?.status === 'waiting' || node?.status === 'retrying'
  return {
    nodeId,
    key: planned.node.key,
    type: planned.node.type,
    status: node?.status ?? 'pending',
    summary: summarize(state, plan, planned, node, edges),
    join: planned.join,
    edges,
    inputFrom: node?.inputFrom ?? [],
    ports: node?.ports ?? [],
    decisions: node?.decisions ?? [],
    attempts: node?.history ?? [],
    error: node?.error ?? null,
    handling: node?.handling ?? null,
    waitsFor: isWaiting ? { wait: node.status === 'waiting' ? (node.wait ?? null) : null, timers } : null,
    resolutions: node?.resolutions ?? [],
  }
}
