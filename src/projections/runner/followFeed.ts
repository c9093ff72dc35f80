import type { EventFeed, FeedItem, FeedOptions } from '../../eventlog/eventFeed.js'

/** What to do after an item: go on, end, or go on when the promise is fulfilled (with true: end). */
export type Received = undefined | true | Promise<undefined | true>

/** Hands every item of a subscription to `receive`, in order, one after the other, until it says `true` or the signal aborts. */
export const followFeed = async (
  feed: EventFeed,
  options: FeedOptions & { readonly signal: AbortSignal },
  receive: (item: FeedItem) => Received,
): Promise<void> => {
  const { signal } = options
  if (feed.follow === undefined) {
    const aborted = new Promise<true>((resolve) =>
      signal.addEventListener('abort', () => resolve(true), { once: true }),
    )
    for await (const item of feed.subscribe(options)) {
      const result = receive(item)
      if (
        result === true ||
        (result !== undefined && (await Promise.race([result, aborted])) === true) ||
        signal.aborted
      )
        return
    }
    return
  }
  const ended = new AbortController()
  const end = () => ended.abort()
  signal.addEventListener('abort', end, { once: true })
  if (signal.aborted) return
  try {
    await feed.follow({ ...options, signal: ended.signal }, (item) => {
      // What was buffered when the end was decided is not for us any more.
      if (ended.signal.aborted) return undefined
      const result = receive(item)
      if (result === true) end()
      return result === undefined || result === true
        ? undefined
        : result.then((last) => {
            if (last === true) end()
          })
    })
  } finally {
    signal.removeEventListener('abort', end)
  }
}
