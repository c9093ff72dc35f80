import type { ExecutionEvent } from '../../domain/events/catalogue/index.js'
import type { RecordedEvent } from '../../domain/events/recordedEvent.js'
import type { ExecutionState } from '../../domain/execution/executionState.js'

/** An append of this process to a run's stream. */
export interface CommittedRun {
  readonly executionId: string
  readonly state: ExecutionState
  readonly revision: number
  readonly position: bigint | undefined
  readonly events: readonly RecordedEvent<ExecutionEvent>[]
}

export type RunListener = (committed: CommittedRun) => void

/** Room for attempts in this process, so that an append may claim what it makes ready. */
export interface AttemptSlots {
  /** Names this process in what it claims. */
  readonly executor: string
  /** How long after an attempt's timeout its lease ends, in milliseconds. */
  readonly graceMs: number
  /** Takes up to `wanted` free slots out of the pool. */
  reserve(wanted: number): number
  /** Gives back those that the append did not use; the used ones are given back by the attempts when they end. */
  settle(reserved: number, used: number): void
}

/** Where the parts of one process hear of each other's appends to runs, without a round trip through the log. */
export interface RunHub {
  /** Calls every listener at once. A listener must not throw; it returns before it does any work that takes time. */
  committed(run: CommittedRun): void
  /** The returned function takes the listener away again. */
  listen(listener: RunListener): () => void
  /** Set while an executor runs in this process. */
  slots: AttemptSlots | undefined
}

export const createRunHub = (): RunHub => {
  const listeners = new Set<RunListener>()
  return {
    slots: undefined,
    committed: (run) => {
      for (const listener of listeners) listener(run)
    },
    listen: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
