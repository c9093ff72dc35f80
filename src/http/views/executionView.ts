import type { z } from 'zod'
import type { VersionSource } from '../../commands/workflows/versionSource.js'
import type { WorkflowNode } from '../../domain/definition.js'
import type { ExecutionState, NodeState, NodeStatus } from '../../domain/execution/executionState.js'
import { getIn, valuesOf } from '../../domain/execution/persistentMap.js'
import type { ExecutionDetail } from '../../projections/queries/resolveExecution.js'
import type { executionView as executionSchema, stepView as stepSchema, stepStatus } from '../schemas/execution.js'

type ExecutionView = z.input<typeof executionSchema>
type StepView = z.input<typeof stepSchema>
type StepStatus = z.input<typeof stepStatus>

const shownStatus = (status: NodeStatus): StepStatus => (status === 'retrying' ? 'waiting' : status)

/** While a run is active its status follows its open steps: it runs as long as one of them can. */
const activeStatus = (state: ExecutionState): ExecutionView['status'] => {
  let held = false
  let waiting = false
  for (const { status } of valuesOf(state.nodes)) {
    if (status === 'running' || status === 'scheduled') return 'running'
    if (status === 'held' || status === 'inDoubt') held = true
    if (status === 'waiting' || status === 'retrying') waiting = true
  }
  return held ? 'held' : waiting ? 'waiting' : 'running'
}

export const executionStatusOf = (state: ExecutionState): ExecutionView['status'] => {
  if (state.outcome !== undefined && state.phase === 'ended') return state.outcome
  if (state.paused) return 'paused'
  return state.phase === 'queued' ? 'queued' : activeStatus(state)
}

const stepOf = (node: NodeState): StepView => ({
  nodeId: node.nodeId,
  key: node.key,
  type: node.nodeType,
  status: shownStatus(node.status),
  attempts: node.attempts,
  output: node.output ?? null,
  error: node.error ?? null,
  startedAt: node.startedAt,
  finishedAt: node.finishedAt ?? null,
})

/** A node that the run has not come to. */
const untouched = (node: WorkflowNode): StepView => ({
  nodeId: node.id,
  key: node.key,
  type: node.type,
  status: 'pending',
  attempts: 0,
  output: null,
  error: null,
  startedAt: null,
  finishedAt: null,
})

/** Steps in the order in which the version has its nodes; those that the run has not come to are pending. */
const stepsOf = (state: ExecutionState, nodes: readonly WorkflowNode[] | undefined): StepView[] => {
  if (nodes === undefined) return [...valuesOf(state.nodes)].map(stepOf)
  return nodes.map((node) => {
    const reached = getIn(state.nodes, node.id)
    return reached === undefined ? untouched(node) : stepOf(reached)
  })
}

/** An execution as a read model has it, with the steps that it has not come to. */
export const withPendingSteps = async (versions: VersionSource, detail: ExecutionDetail): Promise<ExecutionView> => {
  const { parent: _parent, versionId: _versionId, ...execution } = detail
  const version = await versions.loadVersion(detail.workflowId, detail.version)
  const reached = new Map(detail.steps.map(({ input: _, ...step }) => [step.nodeId, step]))
  if (version === undefined) return { ...execution, steps: [...reached.values()] }
  return { ...execution, steps: version.definition.nodes.map((node) => reached.get(node.id) ?? untouched(node)) }
}

/** An execution as the API shows it, from its folded state. Its version is in memory wherever it was just run. */
export const executionView = async (
  versions: VersionSource,
  { state, revision }: { readonly state: ExecutionState; readonly revision: number },
): Promise<ExecutionView> => {
  const version = await versions.loadVersion(state.workflowId, state.version)
  return {
    id: state.executionId,
    workflowId: state.workflowId,
    version: state.version,
    status: executionStatusOf(state),
    trigger: state.trigger,
    input: state.input,
    output: state.output ?? null,
    error: state.error ?? null,
    origin: state.origin ?? null,
    steps: stepsOf(state, version?.definition.nodes),
    revision,
    startedAt: state.startedAt,
    finishedAt: state.finishedAt ?? null,
  }
}
