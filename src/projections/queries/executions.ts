import type { ExecutionRow, ExecutionStatus } from '../definitions/executions/executionsTable.js'
import type { StepRow } from '../definitions/executions/stepsTable.js'
import { decodeCursor, isoTime, type Page, type PageOptions, toPage, uuidText } from './cursor.js'
import { type ExecutionDetail, type ExecutionSummary, resolveExecution, toSummary } from './resolveExecution.js'
import { createFilter, type ReadSchema, select, viewOf } from './select.js'

export interface ExecutionFilter extends PageOptions {
  readonly workflowId?: string
  readonly status?: ExecutionStatus
  /** ISO times, `startedAfter` inclusive, `startedBefore` exclusive. */
  readonly startedAfter?: string
  readonly startedBefore?: string
  /** With a step that waits for this signal, by the projection `work`. */
  readonly waitingFor?: string
}

export interface ExecutionQueries {
  /** Newest first, without payloads. */
  list(filter: ExecutionFilter): Promise<Page<ExecutionSummary>>
  /** With steps, inputs and outputs. */
  find(id: string): Promise<ExecutionDetail | undefined>
}

const summaryColumns = 'id, workflow_id, version, version_id, status, trigger, error, revision, started_at, finished_at'

export const createExecutionQueries = (read: ReadSchema): ExecutionQueries => {
  const executions = viewOf(read, 'executions')
  return {
    list: async ({ limit, cursor, workflowId, status, startedAfter, startedBefore, waitingFor }) => {
      const after = decodeCursor(cursor, [isoTime, uuidText])
      const filter = createFilter()
      if (workflowId !== undefined) filter.add((p) => `workflow_id = ${p(workflowId)}`)
      if (status !== undefined) filter.add((p) => `status = ${p(status)}`)
      if (startedAfter !== undefined) filter.add((p) => `started_at >= ${p(startedAfter)}::timestamptz`)
      if (startedBefore !== undefined) filter.add((p) => `started_at < ${p(startedBefore)}::timestamptz`)
      if (waitingFor !== undefined)
        filter.add(
          (p) => `id IN (SELECT execution_id FROM ${viewOf(read, 'waiting_signals')} WHERE name = ${p(waitingFor)})`,
        )
      if (after !== undefined)
        filter.add((p) => `(started_at, id) < (${p(after[0])}::timestamptz, ${p(after[1])}::uuid)`)
      const rows = await select<ExecutionRow>(
        read,
        `SELECT ${summaryColumns} FROM ${executions} ${filter.where()}
         ORDER BY started_at DESC, id DESC LIMIT ${filter.parameter(limit + 1)}`,
        filter.values,
      )
      return toPage(rows, limit, toSummary, (row) => [row.started_at, row.id])
    },
    find: async (id) => {
      // One statement, so that the run and its steps are of one moment. JSON null and an absent output are told apart by the
      // text of the column.
      const [row] = await select<ExecutionRow & { steps: (StepRow & { has_output: boolean })[] }>(
        read,
        `SELECT ${summaryColumns}, input, output_from, parent, origin_id,
           coalesce((SELECT json_agg(json_build_object('node_id', s.node_id, 'key', s.key, 'type', s.type,
             'status', s.status, 'attempts', s.attempts, 'input_from', s.input_from, 'output', s.output,
             'has_output', s.output IS NOT NULL, 'error', s.error, 'handling', s.handling,
             'started_at', s.started_at, 'finished_at', s.finished_at) ORDER BY s.ordinal, s.node_id)
             FROM ${viewOf(read, 'execution_steps')} s WHERE s.execution_id = e.id), '[]') AS steps
         FROM ${executions} e WHERE id = $1`,
        [id],
      )
      if (row === undefined) return undefined
      const steps = row.steps.map(({ has_output, ...step }) => ({
        ...step,
        output: has_output ? step.output : undefined,
        started_at: step.started_at && new Date(step.started_at).toISOString(),
        finished_at: step.finished_at && new Date(step.finished_at).toISOString(),
      }))
      return resolveExecution(row, steps)
    },
  }
}
