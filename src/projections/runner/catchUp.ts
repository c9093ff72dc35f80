import type { EventFeed, FeedItem } from '../../eventlog/eventFeed.js'
import { LogUnavailable } from '../../eventlog/eventStore.js'
import { feedEvent } from '../fold/decode.js'
import { createBackoff, sleep } from './backoff.js'
import type { EventQueue } from './eventQueue.js'
import { followFeed } from './followFeed.js'

export interface CatchUpOptions {
  readonly feed: EventFeed
  readonly prefixes: readonly string[]
  readonly queue: EventQueue
  /** Asked after each item; true ends the subscription, which then goes no further than this item. */
  readonly done: (item: FeedItem) => boolean
  /** Each time the connection was lost. */
  readonly onReconnect?: (error: Error) => void
}

/** Undefined: there is room for more. */
const receive = (item: FeedItem, queue: EventQueue): Promise<void> | undefined => {
  if (item.kind === 'event') queue.push(feedEvent(item.event))
  else if (item.kind === 'checkpoint') queue.advance(item.position)
  return item.kind === 'event' ? queue.whenRoom() : undefined
}

/** Fills a queue from a subscription of its own, from the queue's horizon on, over lost connections, until `done` says so. */
export const catchUp = async (options: CatchUpOptions, signal: AbortSignal): Promise<void> => {
  const { feed, prefixes, queue, done, onReconnect } = options
  const backoff = createBackoff()
  while (!signal.aborted) {
    const before = queue.horizon
    try {
      let over = false
      await followFeed(feed, { from: before ?? 'start', prefixes, signal }, (item) => {
        const full = receive(item, queue)
        over = done(item)
        if (over) return true
        return full?.then(() => undefined)
      })
      if (over) return
    } catch (error) {
      if (!(error instanceof LogUnavailable)) throw error
      onReconnect?.(error)
      if (queue.horizon !== before) backoff.reset()
      await sleep(backoff.next(), signal)
    }
  }
}
