import type { Join } from '../definition.js'
import type { Decision, NodeError } from '../events/catalogue/execution.js'
import { childIdOf } from './childId.js'
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
import { plannedNode, type RunPlan } from './runPlan.js'
import { summarizeStep } from './summarizeStep.js'

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
    /** Ids of the child runs, in the order of the items. One that has not begun is not there yet. */
    readonly childRuns: readonly string[]
    readonly timers: readonly { readonly kind: string; readonly dueAt: string }[]
  } | null
  readonly resolutions: readonly Resolution[]
}

const childRunsOf = (state: ExecutionState, node: NodeState): string[] => {
  const { wait } = node
  if (wait?.kind === 'subworkflow') return [childIdOf(state.executionId, node, 0)]
  if (wait?.kind !== 'map') return []
  return wait.inputs.map((_, iteration) => childIdOf(state.executionId, node, iteration))
}

const waitsFor = (state: ExecutionState, node: NodeState | undefined): StepExplanation['waitsFor'] => {
  if (node?.status !== 'waiting' && node?.status !== 'retrying') return null
  const timers = [...valuesOf(state.timers)]
    .filter(({ nodeId, fired, timerId }) => nodeId === node.nodeId && !fired && timerId.endsWith(`:${node.attempts}`))
    .map(({ kind, dueAt }) => ({ kind, dueAt }))
  if (node.status === 'retrying') return { wait: null, childRuns: [], timers }
  return { wait: node.wait ?? null, childRuns: childRunsOf(state, node), timers }
}

/** Explains a step of a run from its state. Throws where the version has no such node. */
export const explainStep = (state: ExecutionState, plan: RunPlan, nodeId: string): StepExplanation => {
  const planned = plannedNode(plan, nodeId)
  const node = getIn(state.nodes, nodeId)
  const edges = explainEdges(state, plan, planned)
  return {
    nodeId,
    key: planned.node.key,
    type: planned.node.type,
    status: node?.status ?? 'pending',
    summary: summarizeStep(state, plan, planned, node, edges),
    join: planned.join,
    edges,
    inputFrom: node?.inputFrom ?? [],
    ports: node?.ports ?? [],
    decisions: node?.decisions ?? [],
    attempts: node?.history ?? [],
    error: node?.error ?? null,
    handling: node?.handling ?? null,
    waitsFor: waitsFor(state, node),
    resolutions: node?.resolutions ?? [],
  }
}
