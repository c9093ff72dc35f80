import type { EventFeed } from '../../eventlog/eventFeed.js'
import { type ConcurrencyGate, refuseFull } from './concurrency.js'
import { followRuns, type RunFollower } from './followRuns.js'
import type { RunHub } from './runHub.js'
import { createRunPlaces, placeTypes } from './runPlaces.js'
import type { RunWriter } from './runWriter.js'

/** How long a start that may be refused waits to know what this process itself has just appended. */
const ownWritesMs = 2_000

/**
 * The gate where other processes start and execute runs too. Every run of a limited workflow begins in the queue, and the log's
 * order of starts and ends decides who leaves it: each process folds the same log to the same answer (see RunPlaces), so
 * they need not talk. The log is followed from its beginning once a limited workflow has been met.
 */
export const createSharedGate = ({
  hub,
  feed,
  runs,
  unexpected,
}: {
  readonly hub: RunHub
  readonly feed: Pick<EventFeed, 'subscribe' | 'head'>
  readonly runs: Pick<RunWriter, 'load'>
  readonly unexpected: (error: unknown) => void
}): ConcurrencyGate => {
  const places = createRunPlaces()
  const listeners = new Set<(workflowId: string) => void>()
  const waiters = new Set<() => void>()
  /** Position of the last start into the queue, or end, that this process appended. */
  let written = 0n
  let known = 0n
  let isLive = false
  let follower: RunFollower | undefined

  const workflowOf = async (executionId: string): Promise<string> =>
    (await runs.load(executionId, Number.POSITIVE_INFINITY)).state.workflowId

  const tell = (workflowId: string | undefined): void => {
    if (workflowId === undefined || places.waiting(workflowId).size === 0) return
    for (const listener of listeners) listener(workflowId)
  }

  const follow = (): void => {
    follower ??= followRuns({
      feed,
      types: placeTypes,
      since: 'start',
      receive: async (event) => {
        const workflowId = await places.apply(event, workflowOf)
        known = event.position
        if (!isLive) return
        tell(workflowId)
        for (const wake of waiters) wake()
      },
      caughtUp: () => {
        isLive = true
        for (const workflowId of places.workflows()) tell(workflowId)
        for (const wake of waiters) wake()
      },
      unexpected,
    })
  }

  const endHub = hub.listen(({ events, position }) => {
    // Only the last event of an append is known to have the append's position.
    const last = events.at(-1)?.type ?? ''
    const matters = (placeTypes as readonly string[]).includes(last)
    if (matters && position !== undefined && position > written) written = position
  })

  /** Until what this process has appended is counted: who has seen a run end must not be refused because of it. */
  const knowsOwnWrites = async (): Promise<boolean> => {
    const wanted = written
    const isKnown = () => isLive && known >= wanted
    if (isKnown()) return true
    let timer: NodeJS.Timeout | undefined
    let wake: () => void = () => undefined
    const told = new Promise<boolean>((resolve) => {
      wake = () => isKnown() && resolve(true)
      waiters.add(wake)
      timer = setTimeout(() => resolve(false), ownWritesMs)
    })
    return told.finally(() => {
      clearTimeout(timer)
      waiters.delete(wake)
    })
  }

  return {
    enter: async (workflowId, _, { concurrency }) => {
      if (concurrency === undefined) return 'start'
      follow()
      if (concurrency.whenFull === 'queue' || !(await knowsOwnWrites())) return 'queue'
      if (places.count(workflowId) >= concurrency.limit) throw refuseFull(concurrency.limit)
      return 'queue'
    },
    leave: () => undefined,
    admit: async (workflowId, executionId, { concurrency }) => {
      if (concurrency === undefined) return true
      follow()
      return isLive && places.mayRun(workflowId, executionId, concurrency.limit)
    },
    waiting: (workflowId) => (isLive ? places.waiting(workflowId) : undefined),
    onPlace: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close: async () => {
      endHub()
      await follower?.stop()
    },
  }
}
