import { LRUCache } from 'lru-cache'
import { followRuns, type RunFollower } from '../commands/executions/followRuns.js'
import type { StoredEvent } from '../domain/events/recordedEvent.js'
import { idOfStream } from '../domain/streams.js'
import type { EventFeed } from '../eventlog/eventFeed.js'

/** What other processes do to a run that its attempts in flight must hear of. */
const abortTypes = ['ExecutionCancelRequested', 'TimerFired']

const endsAttempts = ({ type, data }: StoredEvent): boolean =>
  type !== 'TimerFired' || (data as { kind?: unknown }).kind === 'runTimeout'

export interface AbortWatch extends RunFollower {
  /** Whether it has lately heard that the attempts of a run must end: perhaps before they had begun here. */
  heard(executionId: string): boolean
}

/**
 * Tells an executor of runs that another process cancelled or timed out. Plain subscriptions and not the executors' group,
 * which gives each event to one of them: not to the one with the attempt. Filtered by type in the log, so what it costs grows
 * with cancels and timers, not with runs. While it lags or its connection is lost, the scan finds the same.
 */
export const startAbortWatch = ({
  feed,
  tend,
  unexpected,
}: {
  readonly feed: Pick<EventFeed, 'subscribe' | 'head'>
  /** Asked for each such run; most are none of this executor's business. */
  readonly tend: (executionId: string) => void
  readonly unexpected: (error: unknown) => void
}): AbortWatch => {
  const lately = new LRUCache<string, true>({ max: 1_000 })
  const { stop } = followRuns({
    feed,
    types: abortTypes,
    since: 'now',
    receive: (event) => {
      if (!endsAttempts(event)) return
      const executionId = idOfStream(event.stream)
      lately.set(executionId, true)
      tend(executionId)
    },
    unexpected,
  })
  return { stop, heard: (executionId) => lately.has(executionId) }
}
