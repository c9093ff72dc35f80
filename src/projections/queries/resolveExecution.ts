import type { NodeError } from '../../domain/events/catalogue/execution.js'
import type { JsonValue } from '../../domain/json.js'
import type { ExecutionRow, ExecutionStatus } from '../definitions/executions/executionsTable.js'
import type { StepRow } from '../definitions/executions/stepsTable.js'

export interface ExecutionSummary {
  readonly id: string
  readonly workflowId: string
  readonly version: number
  readonly versionId: string
  readonly status: ExecutionStatus
  readonly trigger: ExecutionRow['trigger']
  /** Without its details. */
  readonly error: NodeError | null
  readonly revision: number
  readonly startedAt: string
  readonly finishedAt: string | null
}

export interface ExecutionStep {
  readonly nodeId: string
  readonly key: string
  readonly type: string
  readonly status: StepRow['status']
  readonly attempts: number
  /** Of its taken predecessors: the one's output, or an object by their keys. */
  readonly input: JsonValue
  readonly output: JsonValue
  readonly error: NodeError | null
  readonly startedAt: string | null
  readonly finishedAt: string | null
}

export interface ExecutionDetail extends ExecutionSummary {
  readonly input: JsonValue
  readonly output: JsonValue
  readonly parent: NonNullable<ExecutionRow['parent']> | null
  readonly origin: { readonly executionId: string } | null
  readonly steps: readonly ExecutionStep[]
}

type Head = Pick<
  ExecutionRow,
  | 'id'
  | 'workflow_id'
  | 'version'
  | 'version_id'
  | 'status'
  | 'trigger'
  | 'error'
  | 'revision'
  | 'started_at'
  | 'finished_at'
>
type Body = Head & Pick<ExecutionRow, 'input' | 'output_from' | 'parent' | 'origin_id'>
type Step = Omit<StepRow, 'execution_id' | 'ordinal'>

/** What the end of the run leaves as it is. */
const settled = new Set<ExecutionStep['status']>(['completed', 'skipped', 'failed', 'pending'])

export const toSummary = (row: Head): ExecutionSummary => ({
  id: row.id,
  workflowId: row.workflow_id,
  version: row.version,
  versionId: row.version_id,
  status: row.status,
  trigger: row.trigger,
  error: row.error && { class: row.error.class, code: row.error.code, message: row.error.message },
  revision: row.revision,
  startedAt: row.started_at,
  finishedAt: row.finished_at,
})

/** What a failed node hands on: the error at its `error` port, null when the run goes on without it. */
const outputOfFailure = ({ error, handling, attempts, key }: Step): JsonValue =>
  handling === 'errorPort' && error !== null
    ? { class: error.class, code: error.code, message: error.message, attempt: Math.max(attempts, 1), nodeKey: key }
    : null

/**
 * Rebuilds the inputs and outputs of one run. Rows hold an output only where a node made it; the nodes that pass their input
 * through, and the run itself, name the steps that theirs comes from.
 */
export const resolveExecution = (row: Body, steps: readonly Step[]): ExecutionDetail => {
  const byNode = new Map(steps.map((step) => [step.node_id, step]))
  const outputs = new Map<string, JsonValue>()

  const ownOutput = (step: Step): JsonValue | undefined => {
    if (step.node_id === row.trigger.nodeId) return row.input ?? null
    if (step.output !== undefined) return step.output
    if (step.status === 'failed') return outputOfFailure(step)
    return step.status === 'completed' && step.input_from.length > 0 ? undefined : null
  }

  /** Depth first with a stack of its own: a run may be a chain of two thousand nodes that pass their input through. */
  const outputOf = (nodeId: string): JsonValue => {
    const stack = [nodeId]
    for (let id = stack.at(-1); id !== undefined; id = stack.at(-1)) {
      const step = byNode.get(id)
      const own = step === undefined ? null : ownOutput(step)
      const missing = own === undefined ? (step?.input_from ?? []).filter((from) => !outputs.has(from)) : []
      if (missing.length > 0) {
        stack.push(...missing)
        continue
      }
      outputs.set(id, own === undefined ? gather(step?.input_from ?? []) : own)
      stack.pop()
    }
    return outputs.get(nodeId) ?? null
  }

  const gather = (nodeIds: readonly string[]): JsonValue => {
    const [only] = nodeIds
    if (only === undefined) return null
    if (nodeIds.length === 1) return outputs.get(only) ?? null
    return Object.fromEntries(nodeIds.map((id) => [byNode.get(id)?.key ?? id, outputs.get(id) ?? null]))
  }

  const gathered = (nodeIds: readonly string[]): JsonValue => {
    for (const id of nodeIds) outputOf(id)
    return gather(nodeIds)
  }

  const statusOf = (step: Step): ExecutionStep['status'] =>
    row.finished_at !== null && !settled.has(step.status) ? 'cancelled' : step.status

  return {
    ...toSummary(row),
    error: row.error,
    input: row.input ?? null,
    output: row.output_from === null ? null : gathered(row.output_from),
    parent: row.parent ?? null,
    origin: row.origin_id === null ? null : { executionId: row.origin_id },
    steps: steps.map((step) => ({
      nodeId: step.node_id,
      key: step.key,
      type: step.type,
      status: statusOf(step),
      attempts: step.attempts,
      input: step.node_id === row.trigger.nodeId ? (row.input ?? null) : gathered(step.input_from),
      output: outputOf(step.node_id),
      error: step.error,
      startedAt: step.started_at,
      finishedAt: step.finished_at,
    })),
  }
}
