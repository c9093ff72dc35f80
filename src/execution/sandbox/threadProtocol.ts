import { parentPort } from 'node:worker_threads'

/** What a thread says of a job. It says `ready` once before the first. */
export type ThreadReply<Result> =
  | { readonly kind: 'ready' }
  | { readonly kind: 'done'; readonly result: Result }
  /** `exits`: the thread is of no further use and ends itself. */
  | { readonly kind: 'spent'; readonly result: Result }

/** Answers jobs, one after the other, in a thread. `isSpent` says after a job whether the thread should be replaced. */
export const answerJobs = <Job, Result>(work: (job: Job) => Result, isSpent: () => boolean = () => false): void => {
  const port = parentPort
  if (port === null) throw new Error('this module is the code of a worker thread')
  port.on('message', (job: Job) => {
    const result = work(job)
    port.postMessage({ kind: isSpent() ? 'spent' : 'done', result })
  })
  port.postMessage({ kind: 'ready' })
}
