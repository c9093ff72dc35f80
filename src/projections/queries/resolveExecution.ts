import type { NodeError } from '../../domain/events/catalogue/execution.js'
import type { JsonValue } from '../../domain/json.js'
import type { ExecutionRow, ExecutionStatus } from '../definitions/executions/executionsTable.js'
import type { StepRow } from '../definitions/executions/stepsTable.js'
import { createStepOutputs, type Step } from './stepOutputs.js'

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

/**
 * One run with the inputs and outputs of its steps put together again: the run itself, too, names the steps that its output
 * comes from.
 */
export const resolveExecution = (row: Body, steps: readonly Step[]): ExecutionDetail => {
  const input = row.input ?? null
  const outputs = createStepOutputs({ nodeId: row.trigger.nodeId, input }, steps)

  const statusOf = (step: Step): ExecutionStep['status'] =>
    row.finished_at !== null && !settled.has(step.status) ? 'cancelled' : step.status

  return {
    ...toSummary(row),
    error: row.error,
    input,
    output: row.output_from === null ? null : outputs.gathered(row.output_from),
    parent: row.parent ?? null,
    origin: row.origin_id === null ? null : { executionId: row.origin_id },
    steps: steps.map((step) => ({
      nodeId: step.node_id,
      key: step.key,
      type: step.type,
      status: statusOf(step),
      attempts: step.attempts,
      input: step.node_id === row.trigger.nodeId ? input : outputs.gathered(step.input_from),
      output: outputs.of(step.node_id),
      error: step.error,
      startedAt: step.started_at,
      finishedAt: step.finished_at,
    })),
  }
}
