import { setTimeout as delay } from 'node:timers/promises'
import type { StoredEvent } from '../../domain/events/recordedEvent.js'
import type { EventFeed } from '../../eventlog/eventFeed.js'
import { LogUnavailable } from '../../eventlog/eventStore.js'

export interface RunFollower {
  /** Resolves when nothing more is received. */
  stop(): Promise<void>
}

const firstPauseMs = 100
const longestPauseMs = 5_000

/**
 * Receives the events of these types of all runs, in the order of the log, from the time of the call on (`since: 'now'`) or from
 * the first one. A lost connection is taken up again after the last event that was received, so none is missed.
 */
export const followRuns = ({
  feed,
  types,
  since,
  receive,
  caughtUp = () => undefined,
  unexpected,
  random = Math.random,
}: {
  readonly feed: Pick<EventFeed, 'subscribe' | 'head'>
  readonly types: readonly string[]
  readonly since: 'start' | 'now'
  /** An event for which it throws comes again. */
  readonly receive: (event: StoredEvent) => void | Promise<void>
  /** Called, perhaps again and again, when what follows is new. */
  readonly caughtUp?: () => void
  readonly unexpected: (error: unknown) => void
  readonly random?: () => number
}): RunFollower => {
  const abort = new AbortController()
  let position: bigint | 'start' | undefined = since === 'start' ? 'start' : undefined

  const receiveAll = async (onItem: () => void): Promise<void> => {
    // From a known place, and not from wherever the end is once the subscription stands.
    position ??= (await feed.head()) ?? 'start'
    const options = { from: position, prefixes: ['execution-'], types, signal: abort.signal }
    for await (const item of feed.subscribe(options)) {
      onItem()
      if (item.kind === 'event') await receive(item.event)
      if (item.kind === 'caughtUp') caughtUp()
      else position = item.kind === 'event' ? item.event.position : item.position
    }
  }

  const follow = async (): Promise<void> => {
    for (let pause = firstPauseMs; !abort.signal.aborted; pause = Math.min(pause * 2, longestPauseMs)) {
      try {
        await receiveAll(() => {
          pause = firstPauseMs
        })
      } catch (error) {
        if (!(error instanceof LogUnavailable)) unexpected(error)
      }
      const options = { signal: abort.signal, ref: false }
      await delay(pause * (0.5 + random() / 2), undefined, options).catch(() => undefined)
    }
  }

  const following = follow()
  return {
    stop: async () => {
      abort.abort()
      await following
    },
  }
}
