import type { Join } from '../definition.js'
import type { DeadEdge, Decision, NodeError } from '../events/catalogue/execution.js'
import { edgeStatus, reasonOfDeadEdge } from './edges.js'
import type {
  AttemptRecord,
  ExecutionState,
  NodeState,
  NodeStatus,
  RecordedWait,
  Resolution,
} from './executionState.js'
import { getIn, valuesOf } from './persistentMap.js'
import { nodeAt, type PlannedNode, plannedNode, type RunPlan } from './runPlan.js'

/** An in-edge as the run has resolved it. */
export interface ExplainedEdge {
  readonly edgeId: string
  readonly fromNodeId: string
  readonly fromKey: string
  readonly port: string
  readonly status: 'taken' | 'dead' | 'unresolved'
  /** Why it is dead. */
  readonly reason?: DeadEdge['reason']
  /** The choices of its source, with the values that they saw. */
  readonly decisions?: readonly Decision[]
}

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

const explainEdges = (state: ExecutionState, plan: RunPlan, planned: PlannedNode): ExplainedEdge[] =>
  planned.inEdges.map((edge) => {
    const sourceNode = nodeAt(plan, edge.source)
    const source = getIn(state.nodes, sourceNode.node.id)
    const status = edgeStatus(source, edge)
    return {
      edgeId: edge.edge.id,
      fromNodeId: sourceNode.node.id,
      fromKey: sourceNode.node.key,
      port: edge.edge.sourcePort,
      status,
      ...(status === 'dead' && source !== undefined ? { reason: reasonOfDeadEdge(source, sourceNode) } : undefined),
      ...(source?.decisions === undefined ? undefined : { decisions: source.decisions }),
    }
  })

const whySkipped = (planned: PlannedNode, node: NodeState, edges: readonly ExplainedEdge[]): string => {
  const resolution = node.resolutions?.at(-1)
  if (resolution?.action === 'skip') return `an operator skipped it: ${resolution.reason}`
  if (planned.mode === 'trigger') return 'the run was started by another trigger'
  if (edges.length === 0) return 'no edge leads to it'
  const dead = edges.filter(({ status }) => status === 'dead')
  const [first] = dead
  const decided = first?.decisions?.map(({ expression, result }) => `${expression} was ${JSON.stringify(result)}`)
  const because =
    first === undefined
      ? ''
      : `: ${first.fromKey} did not emit ${first.port}${decided ? ` (${decided.join(', ')})` : ''}`
  return `${dead.length} of ${quantity(edges.length, 'in-edge')} dead, so its join can't be met${because}`
}

const whatItWaitsFor = ({ wait }: NodeState): string => {
  if (wait === undefined) return 'its next attempt'
  if (wait.kind === 'timer') return wait.dueAt
  if (wait.kind === 'signal') return `the signal ${wait.name}`
  return wait.kind === 'map' ? quantity(wait.inputs.length, 'child run') : 'its child run'
}

const summarize = (
  state: ExecutionState,
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
      return whySkipped(planned, node, edges)
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
    summary: summarize(state, planned, node, edges),
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
