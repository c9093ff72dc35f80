import { setTimeout as delay } from 'node:timers/promises'
import type { EventFeed } from '../../eventlog/eventFeed.js'

export interface ApiKeyWatch {
  stop(): Promise<void>
}

const longestPauseMs = 1_000

/**
 * Follows the live events of all API keys and names the stream of each. Comes back by itself whatever ended it: it only makes
 * faster what the authenticator finds out by itself.
 */
export const watchApiKeys = (
  feed: EventFeed,
  changed: (stream: string) => void,
  onError: (error: unknown) => void,
): ApiKeyWatch => {
  const ending = new AbortController()
  const { signal } = ending

  const follow = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        for await (const item of feed.subscribe({ from: 'end', prefixes: ['apikey-'], signal })) {
          if (item.kind === 'event') changed(item.event.stream)
        }
      } catch (error) {
        onError(error)
      }
      if (!signal.aborted) await delay(Math.random() * longestPauseMs, undefined, { signal }).catch(() => undefined)
    }
  }

  const following = follow()
  return {
    stop: () => {
      ending.abort()
      return following
    },
  }
}
