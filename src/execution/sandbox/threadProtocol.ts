import { constants, getPriority, setPriority } from 'node:os'
import { parentPort } from 'node:worker_threads'
import { ownThread } from './threadTime.js'

/** What a thread says of a job. It says `ready` once before the first. */
export type ThreadReply<Result> =
  | { readonly kind: 'ready'; readonly thread?: string | undefined }
  | { readonly kind: 'done'; readonly result: Result }
  /** The same, and the thread is of no further use. */
  | { readonly kind: 'spent'; readonly result: Result }

const lowest = constants.priority.PRIORITY_LOW

/**
 * Users' work comes after everything else that wants a core: a tenth of the share of the thread that answers requests. Linux
 * takes 0 for the calling thread; elsewhere it would be the whole process.
 */
const yieldToOthers = (): void => {
  if (process.platform === 'linux') setPriority(0, Math.min(lowest, getPriority(0) + 10))
}

/** Answers jobs, one after the other, in a thread. `isSpent` says after a job whether the thread should be replaced. */
export const answerJobs = <Job, Result>(
  work: (job: Job) => Result | Promise<Result>,
  isSpent: () => boolean = () => false,
): void => {
  const port = parentPort
  if (port === null) throw new Error('this module is the code of a worker thread')
  yieldToOthers()
  const answer = async (job: Job): Promise<void> => {
    const result = await work(job)
    port.postMessage({ kind: isSpent() ? 'spent' : 'done', result })
  }
  // What a job throws ends the thread: the pool reports that, and starts another.
  port.on('message', (job: Job) => void answer(job))
  port.postMessage({ kind: 'ready', thread: ownThread() })
}
