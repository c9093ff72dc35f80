import type { EventFeed, FeedItem } from '../../eventlog/eventFeed.js'
import { LogUnavailable } from '../../eventlog/eventStore.js'
import { feedEvent } from '../fold/decode.js'
import { createBackoff, sleep } from './backoff.js'
import type { EventQueue } from './eventQueue.js'

export interface CatchUpOptions {
  readonly feed: EventFeed
  readonly prefixes: readonly string[]
  readonly queue: EventQueue
  /** Asked after each item; true ends the subscription, which then goes no further than this item. */
  readonly done: (item: FeedItem) => boolean
  /** Each time the connection was lost. */
  readonly onReconnect?: (error: Error) => void
}

const receive = async (item: FeedItem, queue: EventQueue, signal: AbortSignal): Promise<void> => {
  if (item.kind === 'checkpoint') return queue.advance(item.position)
  if (item.kind === 'caughtUp') return
  queue.push(feedEvent(item.event))
  const room = queue.whenRoom()
  if (room === undefined) return
  let stop: () => void = () => undefined
  const stopped = new Promise<void>((resolve) => {
    stop = resolve
    signal.addEventListener('abort', stop, { once: true })
  })
  await Promise.race([room, stopped])
  signal.removeEventListener('abort', stop)
}

/** Fills a queue from a subscription of its own, from the queue's horizon on, over lost connections, until `done` says so. */
export const catchUp = async (options: CatchUpOptions, signal: AbortSignal): Promise<void> => {
  const { feed, prefixes, queue, done, onReconnect } = options
  const backoff = createBackoff()
  while (!signal.aborted) {
    const before = queue.horizon
    try {
      for await (const item of feed.subscribe({ from: before ?? 'start', prefixes, signal })) {
        await receive(item, queue, signal)
        if (signal.aborted || done(item)) return
      }
    } catch (error) {
      if (!(error instanceof LogUnavailable)) throw error
      onReconnect?.(error)
      if (queue.horizon !== before) backoff.reset()
      await sleep(backoff.next(), signal)
    }
  }
}
