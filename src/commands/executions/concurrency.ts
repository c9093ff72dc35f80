import type { Settings } from '../../domain/definition.js'
import { FlowledgerError } from '../../domain/errors.js'

/** Places for the runs of workflows with a concurrency limit. */
export interface ConcurrencyGate {
  /** Takes a place, or says that the run has to queue; throws `concurrency_limit` where the settings refuse instead. */
  enter(workflowId: string, executionId: string, settings: Settings): Promise<'start' | 'queue'>
  /** Gives back the place of a run that did not come about. */
  leave(workflowId: string, executionId: string): void
  /** Takes a place for a run in the queue; false where there is none. */
  admit(workflowId: string, executionId: string, settings: Settings): Promise<boolean>
  /** Runs in the workflow's queue, in their turn; undefined where the gate does not know them. */
  waiting(workflowId: string): Iterable<string> | undefined
  /** Hears of workflows with a queue in which a place may be free. The returned function ends that. */
  onPlace(listener: (workflowId: string) => void): () => void
  close(): Promise<void>
}

export const refuseFull = (limit: number): FlowledgerError =>
  new FlowledgerError(
    'tooMany',
    'concurrency_limit',
    `${limit === 1 ? 'A run' : `${limit} runs`} of this workflow ${limit === 1 ? 'is' : 'are'} active, and its settings allow no more.`,
    [],
    { retryAfterSeconds: 1 },
  )
