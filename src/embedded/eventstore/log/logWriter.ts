import { EventStoreError } from '../errors.js'
import type { GroupCommit } from './groupCommit.js'
import type { LogStore } from './logStore.js'
import { Staging } from './staging.js'

const MAX_GROUP_BYTES = 8 * 1024 * 1024
const MAX_GROUP_JOBS = 4_096

/** One thing to write, in two steps: decide and stage, then answer. */
interface WriteJob {
  /** Decides against the newest state and stages what it writes. Throwing fails this job alone, and must come before staging. */
  stage(staging: Staging): void
  /** What was staged is on disk and visible. */
  committed(): void
  failed(error: unknown): void
}

export interface LogWriter {
  submit(job: WriteJob): void
  /** Stages one thing and resolves with its result when that is on disk. */
  write<T>(stage: (staging: Staging) => T): Promise<T>
  /** Resolves when all that is committed by now is in the data file. */
  settle(): Promise<void>
  /** Waits for everything submitted, then refuses more. */
  close(): Promise<void>
}

/**
 * Group commit: all that arrives while one group is being written goes into the next, with one flush for all. One at a
 * time, so that nothing is ever decided upon a state that a failed commit takes back.
 */
export function createLogWriter(
  store: LogStore,
  commits: GroupCommit,
  onCommit: (staging: Staging) => void,
): LogWriter {
  let queue: WriteJob[] = []
  let busy = false
  let closed = false
  let wakeIdle: (() => void) | undefined

  const schedule = () => {
    if (busy) return
    busy = true
    setImmediate(() => void runGroups())
  }

  const runGroups = async () => {
    while (queue.length > 0) await runGroup()
    busy = false
    wakeIdle?.()
  }

  const runGroup = async () => {
    const staging = new Staging(store, Date.now())
    const staged = stageJobs(staging)
    if (!staging.isEmpty) {
      try {
        await commits.commit(staging)
      } catch (error) {
        for (const job of staged) job.failed(error)
        return
      }
    }
    for (const job of staged) job.committed()
    if (!staging.isEmpty) onCommit(staging)
  }

  const stageJobs = (staging: Staging): WriteJob[] => {
    const staged: WriteJob[] = []
    let taken = 0
    for (const job of queue) {
      if (taken >= MAX_GROUP_JOBS || staging.bytes >= MAX_GROUP_BYTES) break
      taken++
      try {
        job.stage(staging)
        staged.push(job)
      } catch (error) {
        job.failed(error)
      }
    }
    queue = taken === queue.length ? [] : queue.slice(taken)
    return staged
  }

  const submit = (job: WriteJob) => {
    if (closed) return job.failed(new EventStoreError('closed', 'The event store is shutting down.'))
    queue.push(job)
    schedule()
  }

  return {
    submit,
    settle: commits.settle,
    write: (stage) =>
      new Promise((resolve, reject) => {
        let result: ReturnType<typeof stage>
        submit({
          stage: (staging) => {
            result = stage(staging)
          },
          committed: () => resolve(result),
          failed: reject,
        })
      }),
    async close() {
      closed = true
      if (busy)
        await new Promise<void>((resolve) => {
          wakeIdle = resolve
        })
    },
  }
}
