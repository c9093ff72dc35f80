import { setTimeout as delay } from 'node:timers/promises'
import type { StoredEvent } from '../domain/events/recordedEvent.js'
import { LogUnavailable } from '../eventlog/eventStore.js'
import type { WorkItem, WorkQueue } from '../eventlog/workQueue.js'
import { mayPass } from './tendRun.js'

/** What other processes may have to carry on from: everything else follows from what the executor that did it does next. */
export const workTypes = ['NodeScheduled', 'ExecutionResumed', 'ExecutionCancelRequested'] as const

const isWork = ({ type }: StoredEvent): boolean => (workTypes as readonly string[]).includes(type)

const firstPauseMs = 100
const longestPauseMs = 5_000
/** Unacknowledged events per executor. */
const buffer = 64

export interface WorkReader {
  /** Takes no new work; resolves when what was taken is settled. */
  stop(): Promise<void>
}

/**
 * The executors' group of the log's work queue. An event is acknowledged once its run was tended, so what a crash leaves
 * comes again, here or elsewhere. Reconnects with growing pauses.
 */
export const startWorkReader = ({
  queue,
  carryOut,
  unexpected,
  random = Math.random,
}: {
  readonly queue: WorkQueue
  readonly carryOut: (event: StoredEvent) => Promise<void>
  readonly unexpected: (error: unknown) => void
  readonly random?: () => number
}): WorkReader => {
  const abort = new AbortController()
  const open = new Set<Promise<void>>()

  const settle = async (item: WorkItem): Promise<void> => {
    try {
      if (isWork(item.event)) await carryOut(item.event)
      item.ack()
    } catch (error) {
      if (abort.signal.aborted) return
      if (!mayPass(error)) unexpected(error)
      item.nack('retry', error instanceof Error ? error.message : String(error))
    }
  }

  const read = async (): Promise<void> => {
    for (let pause = firstPauseMs; !abort.signal.aborted; pause = Math.min(pause * 2, longestPauseMs)) {
      try {
        const items = queue.consume({
          group: 'executors',
          prefixes: ['execution-'],
          types: workTypes,
          buffer,
          signal: abort.signal,
        })
        for await (const item of items) {
          pause = firstPauseMs
          const settled = settle(item).finally(() => open.delete(settled))
          open.add(settled)
        }
      } catch (error) {
        if (!(error instanceof LogUnavailable)) unexpected(error)
      }
      if (!abort.signal.aborted) {
        await delay(pause * (0.5 + random() / 2), undefined, { signal: abort.signal, ref: false }).catch(
          () => undefined,
        )
      }
    }
  }

  const reading = read()
  return {
    stop: async () => {
      abort.abort()
      await reading
      await Promise.all(open)
    },
  }
}
