import type { EventFeed, FeedItem } from '../../eventlog/eventFeed.js'
import type { Projection } from '../model/projection.js'
import { catchUp } from './catchUp.js'
import type { EventQueue } from './eventQueue.js'
import type { Tail } from './tail.js'

export interface KeepFedOptions {
  readonly projection: Projection
  readonly queue: EventQueue
  readonly feed: EventFeed
  readonly tail: Tail
  /** Prefixes of the tail. */
  readonly allPrefixes: readonly string[]
  readonly onReconnect?: (error: Error) => void
  /** Whether the queue is fed by the tail now. */
  readonly onLive?: (live: boolean) => void
}

const isThere = (queue: EventQueue, tail: Tail): boolean =>
  tail.position === queue.horizon ||
  (tail.position !== null && queue.horizon !== null && queue.horizon >= tail.position)

/** Resolves when the tail lets it go. */
const fedByTail = (tail: Tail, projection: Projection, queue: EventQueue, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const stop = () => {
      detach()
      signal.removeEventListener('abort', stop)
      resolve()
    }
    const detach = tail.attach({ projection, queue, detach: stop })
    signal.addEventListener('abort', stop, { once: true })
  })

/**
 * Keeps a queue filled: by a subscription of its own while it is behind, then by the tail; and by its own again when the tail
 * let it go because it was too slow.
 */
export const keepFed = async (options: KeepFedOptions, signal: AbortSignal): Promise<void> => {
  const { projection, queue, feed, tail, allPrefixes, onReconnect, onLive } = options
  const reconnecting = onReconnect === undefined ? {} : { onReconnect }
  while (!signal.aborted) {
    onLive?.(false)
    let fed: Promise<void> | undefined
    /** In the very step that finds it there: the tail goes on while a subscription is being closed. */
    const attach = (): boolean => {
      if (fed === undefined && isThere(queue, tail)) {
        fed = fedByTail(tail, projection, queue, signal)
        onLive?.(true)
      }
      return fed !== undefined
    }
    if (!attach()) {
      const done = (item: FeedItem) => item.kind === 'caughtUp'
      await catchUp({ feed, prefixes: projection.prefixes, queue, done, ...reconnecting }, signal)
    }
    // With the tail's own filter both see the same events, so their positions can be compared. What the tail brings from here on
    // comes after what is in the queue, or is there already.
    if (!signal.aborted && !attach()) {
      const target = tail.position
      const done = (item: FeedItem) => {
        // The log has nothing for us before its end, and the target was there when we began.
        if (item.kind === 'caughtUp' && target !== null) queue.advance(target)
        return attach()
      }
      await catchUp({ feed, prefixes: allPrefixes, queue, done, ...reconnecting }, signal)
    }
    await fed
    if (!signal.aborted) queue.restart()
  }
}
