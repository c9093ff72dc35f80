import type { ResourceLimits, Worker } from 'node:worker_threads'
import { startThread } from './startThread.js'
import type { ThreadReply } from './threadProtocol.js'
import {
  type Admitted,
  createThreadQueue,
  type ThreadCaller,
  ThreadFailure,
  type ThreadFailureReason,
} from './threadQueue.js'
import { threadTimeMs } from './threadTime.js'

export interface ThreadPool<Job, Result> {
  /**
   * The time is what the job's thread spends on a core (see threadTimeMs), and at most `patience` times as much by the clock.
   * A job that is over its time ends with its thread.
   */
  run(job: Job, timeoutMs: number, caller?: ThreadCaller): Promise<Result>
  close(): Promise<void>
}

export interface ThreadPoolOptions {
  readonly entry: URL
  readonly name: string
  /** Threads at once; they are started when jobs come. */
  readonly size?: number
  /** How many of one group have a thread at once; default all. */
  readonly perGroup?: number
  /** A thread without work for so long is ended, to give its memory back. */
  readonly idleMs?: number
  readonly resourceLimits: ResourceLimits
}

/** How much longer than its time a job may take by the clock, where others keep its thread from a core. */
const patience = 10

/** Starting a thread that takes longer than this has failed. */
const startTimeoutMs = 30_000

/** Only our own listeners: a worker keeps some of its own, without which it would no longer read messages. */
const forget = (worker: Worker): void => {
  for (const event of ['message', 'error', 'exit']) worker.removeAllListeners(event)
}

export const createThreadPool = <Job, Result>(options: ThreadPoolOptions): ThreadPool<Job, Result> => {
  const { size = 2, perGroup = size, idleMs = 30_000 } = options
  const waiting = createThreadQueue<Job, Result>(perGroup)
  /** Resting threads, each with the timer that ends it. */
  const idle = new Map<Worker, NodeJS.Timeout>()
  /** Working threads, each with how to fail its job. */
  const busy = new Map<Worker, (reason: ThreadFailureReason, message: string) => void>()
  const threads = new WeakMap<Worker, string>()
  let isClosed = false

  const end = async (worker: Worker): Promise<void> => {
    clearTimeout(idle.get(worker))
    idle.delete(worker)
    busy.delete(worker)
    forget(worker)
    // While it ends it can still report an error, which nobody waits for any more.
    worker.on('error', () => undefined)
    await worker.terminate()
  }

  const rest = (worker: Worker): void => {
    busy.delete(worker)
    worker.unref()
    idle.set(worker, setTimeout(() => void end(worker), idleMs).unref())
    worker.on('error', () => void end(worker))
    worker.on('exit', () => void end(worker))
  }

  const wake = (): Worker | undefined => {
    const [worker] = idle.keys()
    if (worker === undefined) return undefined
    clearTimeout(idle.get(worker))
    idle.delete(worker)
    forget(worker)
    worker.ref()
    return worker
  }

  const carryOut = (pending: Admitted<Job, Result>, rested: Worker | undefined): void => {
    const worker = rested ?? startThread(options.entry, options.name, options.resourceLimits)
    let timer: NodeJS.Timeout | undefined
    const onAbort = () => fail('aborted', 'the work was given up')
    const settle = (): void => {
      clearTimeout(timer)
      pending.signal?.removeEventListener('abort', onAbort)
      pending.begun()
      waiting.over(pending)
    }
    const fail = (reason: ThreadFailureReason, message: string): void => {
      settle()
      void end(worker)
      pending.reject(new ThreadFailure(reason, message))
      next()
    }
    const begin = (): void => {
      const { timeoutMs } = pending
      const thread = threads.get(worker)
      const [usedBefore, giveUpAt] = [threadTimeMs(thread), performance.now() + timeoutMs * patience]
      const look = (): void => {
        const left = Math.min(timeoutMs - (threadTimeMs(thread) - usedBefore), giveUpAt - performance.now())
        if (left <= 0) fail('timeout', `not done within ${timeoutMs} ms`)
        else timer = setTimeout(look, Math.ceil(left))
      }
      clearTimeout(timer)
      pending.begun()
      timer = setTimeout(look, timeoutMs)
      worker.postMessage(pending.job)
    }
    worker.on('error', (error: NodeJS.ErrnoException) => {
      const isMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY'
      fail(isMemory ? 'memory' : 'crashed', isMemory ? 'the thread ran out of memory' : error.message)
    })
    worker.on('exit', () => fail('crashed', 'the thread ended before its work was done'))
    worker.on('message', (reply: ThreadReply<Result>) => {
      if (reply.kind === 'ready') {
        if (reply.thread !== undefined) threads.set(worker, reply.thread)
        return begin()
      }
      settle()
      forget(worker)
      if (reply.kind === 'done') rest(worker)
      else void end(worker)
      pending.resolve(reply.result)
      next()
    })
    pending.signal?.addEventListener('abort', onAbort, { once: true })
    busy.set(worker, fail)
    if (rested === undefined) timer = setTimeout(() => fail('crashed', 'the thread did not start'), startTimeoutMs)
    else begin()
  }

  const next = (): void => {
    while (busy.size < size && !isClosed) {
      const pending = waiting.next()
      if (pending === undefined) return
      carryOut(pending, wake())
    }
  }

  return {
    run: (job, timeoutMs, { signal, turn } = {}) =>
      new Promise((resolve, reject) => {
        if (isClosed) return reject(new ThreadFailure('aborted', 'the pool is closed'))
        if (signal?.aborted) return reject(new ThreadFailure('aborted', 'the work was given up'))
        waiting.join({ job, timeoutMs, signal, turn, resolve, reject })
        next()
      }),
    close: async () => {
      isClosed = true
      waiting.close()
      const working = [...busy]
      const resting = [...idle.keys()]
      for (const [, fail] of working) fail('aborted', 'the pool is closed')
      await Promise.all([...working.map(([worker]) => worker), ...resting].map(end))
    },
  }
}
