/** The events that end a run. Of these only a failure may be followed by another: `ExecutionResumed`, when it is retried. */
export const endTypes = ['ExecutionCompleted', 'ExecutionFailed', 'ExecutionCancelled', 'ExecutionTimedOut'] as const

export type EndType = (typeof endTypes)[number]
