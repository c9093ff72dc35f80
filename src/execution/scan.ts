import type { Clock } from '../commands/ports.js'
import { FlowledgerError } from '../domain/errors.js'
import type { OpenWork, OpenWorkHint } from './openWork.js'
import type { QueuedRuns } from './queuedRuns.js'
import { mayPass } from './tendRun.js'

export interface Scan {
  start(intervalMs: number): void
  once(): Promise<void>
  stop(): Promise<void>
}

/** Hints of one kind per scan, and runs that are looked at at once. */
const limit = 200
const width = 8

/**
 * Finds runs that nobody carries on: after a crash, a lost message, an append that was cut. The read models only hint; each
 * run is read from the log before anything is done to it.
 */
export const createScan = ({
  openWork,
  clock,
  sole,
  tend,
  queued,
  inFlight,
  unexpected,
}: {
  readonly openWork: OpenWork
  readonly clock: Clock
  /** The executor's name, where there is no other one: then what others claimed was lost with them. */
  readonly sole: string | undefined
  readonly tend: (executionId: string) => Promise<void>
  readonly queued: QueuedRuns
  /** Runs with attempts in this process that another process may have cancelled. */
  readonly inFlight: () => readonly string[]
  readonly unexpected: (error: unknown) => void
}): Scan => {
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined
  let stopped = false
  let lastParent: string | undefined

  const tendAll = async (executionIds: readonly string[]): Promise<void> => {
    const rest = [...new Set(executionIds)]
    const work = async (): Promise<void> => {
      for (let id = rest.shift(); id !== undefined && !stopped; id = rest.shift()) {
        try {
          await tend(id)
        } catch (error) {
          const isGone = error instanceof FlowledgerError && error.code === 'execution_not_found'
          if (!mayPass(error) && !isGone) unexpected(error)
        }
      }
    }
    await Promise.all(Array.from({ length: width }, work))
  }

  /** Parents are many and rarely need anything, so each scan looks at the next page of them. */
  const someParents = async (): Promise<readonly OpenWorkHint[]> => {
    const page = await openWork.waitingParents(limit, lastParent)
    lastParent = page.length < limit ? undefined : page.at(-1)?.executionId
    return page
  }

  const look = async (): Promise<void> => {
    const now = clock.now().toISOString()
    const hints = await Promise.all([
      openWork.overdueAttempts(now, limit),
      sole === undefined ? [] : openWork.attemptsOfOthers(sole, limit),
      openWork.dueTimers(now, limit),
      someParents(),
    ])
    await tendAll([...hints.flat().map(({ executionId }) => executionId), ...inFlight()])
    for (const { workflowId, executionId } of await openWork.queuedStarts(limit)) queued.add(workflowId, executionId)
    for (const workflowId of queued.workflows()) if (!stopped) await queued.admit(workflowId)
  }

  const once = async (): Promise<void> => {
    try {
      await look()
    } catch (error) {
      if (!mayPass(error)) unexpected(error)
    }
  }

  const schedule = (intervalMs: number): void => {
    if (stopped) return
    timer = setTimeout(() => {
      running = once().finally(() => schedule(intervalMs))
    }, intervalMs)
    timer.unref()
  }

  return {
    once,
    start: (intervalMs) => {
      // At once: what an earlier process left is waiting.
      running = once().finally(() => schedule(intervalMs))
    },
    stop: async () => {
      stopped = true
      clearTimeout(timer)
      await running
    },
  }
}
