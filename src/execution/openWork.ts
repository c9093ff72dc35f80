/** A place in a run where something may be overdue. */
export interface OpenWorkHint {
  readonly executionId: string
}

/**
 * Hints of work that nobody seems to be doing, from the read models (tables of the projection `work`). They may be late or
 * wrong: the executor reads the stream before it acts, and does nothing where nothing is to be done. Times are ISO 8601.
 */
export interface OpenWork {
  /** Runs with an attempt whose lease is over, or a node that was scheduled and has not been claimed for some seconds. */
  overdueAttempts(now: string, limit: number): Promise<readonly OpenWorkHint[]>
  /** Runs with an attempt that another executor than this one claimed and that has no outcome, whatever its lease says. */
  attemptsOfOthers(executor: string, limit: number): Promise<readonly OpenWorkHint[]>
  /** Runs with a timer that is due and did not fire. */
  dueTimers(now: string, limit: number): Promise<readonly OpenWorkHint[]>
  /** Runs in the queue, the oldest first. */
  queuedStarts(limit: number): Promise<readonly (OpenWorkHint & { readonly workflowId: string })[]>
  /** Runs that wait for child runs (a NodeScheduled with a `wait` of kind subworkflow or map that is not decided). */
  waitingParents(limit: number, after?: string): Promise<readonly OpenWorkHint[]>
  /** Runs that were started by this trigger and have not ended, the oldest first. */
  openRuns(workflowId: string, triggerId: string, limit: number): Promise<readonly OpenWorkHint[]>
  /** How many runs of a workflow are active: started, not queued, not ended. */
  activeRuns(workflowId: string): Promise<number>
}
