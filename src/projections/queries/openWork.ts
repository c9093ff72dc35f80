import { type ReadSchema, select, viewOf } from './select.js'

/** A place in a run where something may be overdue. */
export interface OpenWorkHint {
  readonly executionId: string
}

/**
 * Hints of work that nobody seems to be doing, from the projection `work`. They may be late: whoever acts on one reads the
 * stream first. Times are ISO 8601.
 */
export interface OpenWorkQueries {
  /** Runs with an attempt whose lease is over, or a node that was scheduled and has not been claimed for some seconds. */
  overdueAttempts(now: string, limit: number): Promise<readonly OpenWorkHint[]>
  /** Runs with an attempt that another executor than this one claimed and that has no outcome, whatever its lease says. */
  attemptsOfOthers(executor: string, limit: number): Promise<readonly OpenWorkHint[]>
  /** Runs with a timer that is due and did not fire. */
  dueTimers(now: string, limit: number): Promise<readonly OpenWorkHint[]>
  /** Runs in the queue, the oldest first. */
  queuedStarts(limit: number): Promise<readonly (OpenWorkHint & { readonly workflowId: string })[]>
  /** Runs that wait for child runs, in the order of their ids; `after` goes on behind one. */
  waitingParents(limit: number, after?: string): Promise<readonly OpenWorkHint[]>
  /** Runs that were started by this trigger and have not ended, the oldest first. */
  openRuns(workflowId: string, triggerId: string, limit: number): Promise<readonly OpenWorkHint[]>
  /** How many runs of a workflow are active: started, not queued, not ended. */
  activeRuns(workflowId: string): Promise<number>
}

export const createOpenWorkQueries = (read: ReadSchema): OpenWorkQueries => {
  const hints = async (text: string, values: unknown[]): Promise<OpenWorkHint[]> =>
    (await select<{ execution_id: string }>(read, text, values)).map((row) => ({ executionId: row.execution_id }))

  return {
    overdueAttempts: (now, limit) =>
      hints(
        `SELECT execution_id FROM ${viewOf(read, 'open_attempts')} WHERE overdue_at <= $1
         GROUP BY execution_id ORDER BY min(overdue_at) LIMIT $2`,
        [now, limit],
      ),
    attemptsOfOthers: (executor, limit) =>
      hints(
        `SELECT execution_id FROM ${viewOf(read, 'open_attempts')} WHERE executor <> $1
         GROUP BY execution_id ORDER BY min(overdue_at) LIMIT $2`,
        [executor, limit],
      ),
    dueTimers: (now, limit) =>
      hints(
        `SELECT execution_id FROM ${viewOf(read, 'timers')} WHERE due_at <= $1
         GROUP BY execution_id ORDER BY min(due_at) LIMIT $2`,
        [now, limit],
      ),
    queuedStarts: async (limit) =>
      (
        await select<{ execution_id: string; workflow_id: string }>(
          read,
          `SELECT execution_id, workflow_id FROM ${viewOf(read, 'queued_starts')} ORDER BY position LIMIT $1`,
          [limit],
        )
      ).map((row) => ({ executionId: row.execution_id, workflowId: row.workflow_id })),
    waitingParents: (limit, after) =>
      hints(
        `SELECT execution_id FROM ${viewOf(read, 'waiting_parents')} WHERE $2::uuid IS NULL OR execution_id > $2
         GROUP BY execution_id ORDER BY execution_id LIMIT $1`,
        [limit, after ?? null],
      ),
    openRuns: (workflowId, triggerId, limit) =>
      hints(
        `SELECT id AS execution_id FROM ${viewOf(read, 'executions')}
         WHERE workflow_id = $1 AND finished_at IS NULL AND trigger->>'nodeId' = $2 ORDER BY started_at LIMIT $3`,
        [workflowId, triggerId, limit],
      ),
    activeRuns: async (workflowId) => {
      const [row] = await select<{ active: number }>(
        read,
        `SELECT count(*)::int AS active FROM ${viewOf(read, 'executions')}
         WHERE workflow_id = $1 AND finished_at IS NULL AND NOT queued`,
        [workflowId],
      )
      return row?.active ?? 0
    },
  }
}
