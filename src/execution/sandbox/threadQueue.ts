import type { ThreadTurn } from '../../domain/nodes/threadTurn.js'
import { createTurns } from './turns.js'

/** Why a job has no result: its time was over, it was aborted, no thread was free, its thread ran out of memory or died otherwise. */
export type ThreadFailureReason = 'timeout' | 'aborted' | 'busy' | 'memory' | 'crashed'

export class ThreadFailure extends Error {
  override readonly name = 'ThreadFailure'

  constructor(
    readonly reason: ThreadFailureReason,
    message: string,
  ) {
    super(message)
  }
}

/** Who asks for a job. Aborted, it leaves its thread, or the queue for one. Without a turn it waits for ever. */
export interface ThreadCaller {
  readonly signal?: AbortSignal | undefined
  readonly turn?: ThreadTurn | undefined
}

/** A job with who asks for it. */
export interface AskedJob<Job, Result> extends ThreadCaller {
  readonly job: Job
  readonly timeoutMs: number
  readonly resolve: (result: Result) => void
  readonly reject: (error: Error) => void
}

/** A job that is to have a thread. `begun`: it has one now. */
export interface Admitted<Job, Result> extends AskedJob<Job, Result> {
  readonly begun: () => void
}

interface Pending<Job, Result> extends Admitted<Job, Result> {
  readonly group: string | undefined
  readonly stopWaiting: () => void
}

export interface ThreadQueue<Job, Result> {
  /** Waits for a thread, at most as long as the caller wants. */
  join(asked: AskedJob<Job, Result>): void
  /** Whose turn it is; undefined where nobody may have a thread now. It counts among its group until it is `over`. */
  next(): Admitted<Job, Result> | undefined
  over(admitted: Admitted<Job, Result>): void
  /** Fails all that wait. */
  close(): void
}

/** Jobs of one group that may wait: half of the attempts that a process has under way at once. */
const waitingPerGroup = 128

/** The queue before threads: fair among groups, of which each has at most `perGroup` threads at once. */
export const createThreadQueue = <Job, Result>(perGroup: number): ThreadQueue<Job, Result> => {
  const turns = createTurns<Pending<Job, Result>>({ atOnce: perGroup, waiting: waitingPerGroup })

  const refuse = (pending: Pending<Job, Result>, reason: ThreadFailureReason, message: string): void => {
    pending.stopWaiting()
    pending.begun()
    pending.reject(new ThreadFailure(reason, message))
  }

  return {
    join: (asked) => {
      const { signal, turn } = asked
      const leave = (reason: ThreadFailureReason, message: string): void => {
        if (turns.leave(pending)) refuse(pending, reason, message)
      }
      const onAbort = () => leave('aborted', 'the work was given up')
      const timer =
        turn && setTimeout(() => leave('busy', `no thread was free within ${turn.maxWaitMs} ms`), turn.maxWaitMs)
      signal?.addEventListener('abort', onAbort, { once: true })
      const pending: Pending<Job, Result> = {
        ...asked,
        group: turn?.group,
        begun: turn?.wait() ?? (() => undefined),
        stopWaiting: () => {
          clearTimeout(timer)
          signal?.removeEventListener('abort', onAbort)
        },
      }
      if (!turns.join(pending)) refuse(pending, 'busy', `${waitingPerGroup} others of its workflow wait for a thread`)
    },
    next: () => {
      const pending = turns.next()
      pending?.stopWaiting()
      return pending
    },
    over: (admitted) => turns.over(admitted as Pending<Job, Result>),
    close: () => {
      for (const pending of turns.clear()) refuse(pending, 'aborted', 'the pool is closed')
    },
  }
}
