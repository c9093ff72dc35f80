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
    readonly timers: readonly { readonly kind: string; readonly dueAt: string }[]
  } | null
  readonly resolutions: readonly Resolution[]
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
    summary: summarizeStep(state, plan, planned, node, edges),
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
