import type { FedEvent } from '../fold/decode.js'
import { placeOf } from '../fold/decode.js'
import { StoreUnavailable } from '../store/projectionStore.js'
import { createBackoff, sleep } from './backoff.js'
import type { Applied, BatchWriter } from './batchWriter.js'
import type { EventQueue } from './eventQueue.js'

export interface RunnerOptions {
  readonly writer: BatchWriter
  readonly queue: EventQueue
  /** Asked before each batch. */
  readonly batchSize: () => number
  /** At least so many ms from the commit of so many events to the next one, unless a batch is full. */
  readonly intervalAfter: (events: number) => number
  /** How long a checkpoint may stay behind when there is nothing to apply. */
  readonly idleMs: number
  /** Milliseconds to rest after a batch that took so many; default: none. */
  readonly restAfter?: (tookMs: number) => number
  readonly onApplied?: (applied: Applied) => void
  /** A store that can't be reached, each time it was tried; undefined when it can again. */
  readonly onStalled?: (error: Error | undefined) => void
}

/** Takes from the queue, in order, and applies; until the signal aborts or something can't be mended by waiting. */
export interface ProjectionRunner {
  readonly position: bigint | null
  /** Runs until the signal aborts. Rejects with OwnershipLost or PoisonFound. */
  run(signal: AbortSignal): Promise<void>
  /** Between two batches. Rejects when the runner ends before. */
  between<T>(work: (writer: BatchWriter) => Promise<T>): Promise<T>
  /**
   * Applies everything up to `position`, moves the checkpoint exactly there, and rests until `resume` is called. `position`
   * must not be behind the runner's and must come into the queue.
   */
  holdAt(position: bigint): Promise<{ resume(): void }>
}

interface Task {
  run(writer: BatchWriter): Promise<void>
  fail(error: unknown): void
}

interface Hold {
  readonly position: bigint
  reached(): void
  fail(error: unknown): void
  readonly released: Promise<void>
}

export const createProjectionRunner = (options: RunnerOptions): ProjectionRunner => {
  const { writer, queue, batchSize, intervalAfter, idleMs, restAfter, onApplied, onStalled } = options
  const tasks: Task[] = []
  let hold: Hold | undefined
  let ended: unknown
  let lastCommit = 0
  let lastSize = 0
  let lastMoved = 0

  /** Until it is done: what the store can't do now it can do later. A commit whose answer was lost is found out about. */
  const persistently = async (signal: AbortSignal, events: readonly FedEvent[], to: bigint): Promise<void> => {
    const backoff = createBackoff()
    let rest = events
    for (let failed = false; !signal.aborted; failed = true) {
      try {
        if (failed) {
          const at = await writer.open()
          rest = events.filter((event) => at === null || placeOf(event).position > at)
          onStalled?.(undefined)
          if (at !== null && at >= to) return
        }
        const before = writer.position
        // Where nothing was written for a while the checkpoint goes along with whatever comes.
        const mayDefer = hold === undefined && performance.now() - lastMoved < idleMs
        const applied = await writer.apply(rest, to, mayDefer)
        onApplied?.(applied)
        if (writer.position !== before) lastMoved = performance.now()
        return
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) throw error
        onStalled?.(error)
        await sleep(backoff.next(), signal)
      }
    }
  }

  const isBehind = (to: bigint | null): to is bigint =>
    to !== null && (writer.position === null || to > writer.position)

  /** Where the checkpoint may go once the queue is drained up to the limit. */
  const drainedTo = (): bigint | null => {
    const { horizon } = queue
    return hold !== undefined && horizon !== null && horizon > hold.position ? hold.position : horizon
  }

  const reachedHold = (): boolean =>
    hold !== undefined &&
    (queue.next === undefined ? queue.horizon !== null && queue.horizon >= hold.position : queue.next > hold.position)

  const step = async (signal: AbortSignal): Promise<void> => {
    const task = tasks.shift()
    if (task !== undefined) return task.run(writer)
    if (hold !== undefined && reachedHold()) {
      if (isBehind(hold.position)) await persistently(signal, [], hold.position)
      if (signal.aborted) return
      hold.reached()
      await hold.released
      hold = undefined
      return
    }
    if (queue.size === 0) {
      if (!isBehind(drainedTo())) return queue.whenChanged(signal)
      // Nothing to apply, but the log went on: move the checkpoint now and then.
      if (hold === undefined) await queue.whenFilled(1, lastMoved + idleMs - performance.now(), signal)
      const to = drainedTo()
      if (queue.size > 0 || tasks.length > 0 || !isBehind(to) || signal.aborted) return
      await persistently(signal, [], to)
      lastCommit = performance.now()
      return
    }
    if (hold === undefined)
      await queue.whenFilled(batchSize(), lastCommit + intervalAfter(lastSize) - performance.now(), signal)
    if (signal.aborted || tasks.length > 0) return
    const events = queue.take(batchSize(), hold?.position ?? null)
    const last = events.at(-1)
    if (last === undefined) return
    lastCommit = performance.now()
    lastSize = events.length
    await persistently(
      signal,
      events,
      queue.size === 0 ? (drainedTo() ?? placeOf(last).position) : placeOf(last).position,
    )
    const rest = restAfter?.(performance.now() - lastCommit) ?? 0
    if (rest > 0) await sleep(rest, signal)
  }

  const run = async (signal: AbortSignal) => {
    try {
      while (!signal.aborted) await step(signal)
      ended = new Error('the runner was stopped')
    } catch (error) {
      ended = error
      throw error
    } finally {
      for (const task of tasks.splice(0)) task.fail(ended)
      hold?.fail(ended)
    }
  }

  const between = <T>(work: (writer: BatchWriter) => Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      if (ended !== undefined) return reject(ended)
      // Its errors are the caller's: the runner goes on.
      tasks.push({ run: (w) => work(w).then(resolve, reject), fail: reject })
      queue.poke()
    })

  const holdAt = (position: bigint): Promise<{ resume(): void }> =>
    new Promise((resolve, reject) => {
      if (ended !== undefined) return reject(ended)
      let resume: () => void = () => undefined
      const released = new Promise<void>((release) => {
        resume = release
      })
      hold = { position, reached: () => resolve({ resume }), fail: reject, released }
      queue.poke()
    })

  return {
    get position() {
      return writer.position
    },
    run,
    between,
    holdAt,
  }
}
