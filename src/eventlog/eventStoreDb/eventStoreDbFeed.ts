import {
  type AllStreamResolvedEvent,
  BACKWARDS,
  type RecordedEvent as ClientEvent,
  END,
  type EventStoreDBClient,
  FORWARDS,
  type Position,
  START,
  streamNameFilter,
} from '@eventstore/db-client'
import type { StoredEvent } from '../../domain/events/recordedEvent.js'
import { categories, categoryOfStream } from '../../domain/streams.js'
import type { EventFeed, FeedItem, FeedOptions } from '../eventFeed.js'
import { LogUnavailable } from '../eventStore.js'
import { asLogError } from './errors.js'
import { positionOf, toStoredEvent } from './storedEvent.js'

const toPosition = (from: bigint | 'start' | 'end') =>
  from === 'start' ? START : from === 'end' ? END : { commit: from, prepare: from }

const isOurs = (stream: string): boolean => (categories as readonly string[]).includes(categoryOfStream(stream))

/** The client says UNKNOWN for a subscription that the server ended; for us the connection is gone all the same. */
const endedByServer = () => new LogUnavailable('the log ended the subscription')

type Direction = Parameters<EventFeed['readAll']>[0]['direction']

/** Events per call of readAll: few where few are wanted, but some, since not every event of the log is the program's. */
const smallestPage = 32
const largestPage = 1_000

/** The read side's view of an EventStoreDB. */
export const eventStoreDbFeed = (client: EventStoreDBClient): EventFeed => {
  /** A subscription whose checkpoints and `caughtUp` keep their place among the events. */
  const open = ({ from, prefixes }: FeedOptions) => {
    const subscription = client.subscribeToAll({
      fromPosition: toPosition(from),
      filter: streamNameFilter({
        prefixes: [...prefixes],
        // The client calls this when the message enters its buffer, before our loop has consumed what came earlier. Pushed
        // into the same buffer the checkpoint keeps its place in the order.
        checkpointReached: (_, position: Position) => {
          subscription.push({ kind: 'checkpoint', position: position.commit } satisfies FeedItem)
        },
      }),
    })
    subscription.on('caughtUp', () => subscription.push({ kind: 'caughtUp' } satisfies FeedItem))
    return subscription
  }

  async function* subscribe(options: FeedOptions): AsyncIterable<FeedItem> {
    const { signal } = options
    if (signal?.aborted) return
    const subscription = open(options)
    const stop = () => subscription.destroy()
    signal?.addEventListener('abort', stop, { once: true })
    try {
      for await (const item of subscription as AsyncIterable<AllStreamResolvedEvent | FeedItem>) {
        if ('kind' in item) yield item
        else if (item.event !== undefined) yield { kind: 'event', event: toStoredEvent(item.event) }
      }
      if (!signal?.aborted) throw endedByServer()
    } catch (error) {
      if (!signal?.aborted) throw asLogError(error)
    } finally {
      signal?.removeEventListener('abort', stop)
      await subscription.unsubscribe()
      subscription.destroy()
    }
  }

  const follow: EventFeed['follow'] = async (options, receive) => {
    const { signal } = options
    if (signal?.aborted) return
    const subscription = open(options)
    let stop: () => void = () => undefined
    try {
      await new Promise<void>((resolve, reject) => {
        stop = resolve
        signal?.addEventListener('abort', stop, { once: true })
        const take = (item: AllStreamResolvedEvent | FeedItem) => {
          if (!('kind' in item) && item.event === undefined) return
          // Paused, the stream delivers nothing more, so a promise holds up all that comes after.
          const pending = receive('kind' in item ? item : { kind: 'event', event: toStoredEvent(item.event as never) })
          if (pending === undefined) return
          subscription.pause()
          pending.then(() => subscription.resume(), reject)
        }
        subscription.on('data', (item: AllStreamResolvedEvent | FeedItem) => {
          try {
            take(item)
          } catch (error) {
            reject(error)
          }
        })
        subscription.on('error', (error: unknown) => reject(asLogError(error)))
        subscription.on('close', () => reject(endedByServer()))
        subscription.on('end', () => reject(endedByServer()))
      })
    } finally {
      signal?.removeEventListener('abort', stop)
      subscription.on('error', () => undefined)
      await subscription.unsubscribe()
      subscription.destroy()
    }
  }

  /** One page, read to its end: a read that is left early would have to be cancelled (see eventStoreDbStore). */
  const readPage = async (from: bigint | 'start' | 'end', direction: Direction, size: number) => {
    const events: ClientEvent[] = []
    const page = client.readAll({
      direction: direction === 'forwards' ? FORWARDS : BACKWARDS,
      fromPosition: toPosition(from),
      maxCount: size,
    })
    try {
      for await (const { event } of page) if (event !== undefined) events.push(event)
    } catch (error) {
      throw asLogError(error)
    }
    return events
  }

  async function* readAll(options: Parameters<EventFeed['readAll']>[0]): AsyncIterable<StoredEvent> {
    const { direction, limit = Number.POSITIVE_INFINITY } = options
    const size = Math.min(largestPage, Math.max(smallestPage, limit))
    let { from } = options
    let last: bigint | undefined
    for (let left = limit; left > 0; ) {
      const page = await readPage(from, direction, size)
      for (const event of page) {
        const position = positionOf(event)
        // Forwards a page begins with the last event of the one before.
        if (position === last) continue
        from = position
        last = position
        if (!isOurs(event.streamId)) continue
        yield toStoredEvent(event)
        left -= 1
        if (left === 0) return
      }
      if (page.length < size) return
    }
  }

  const head = async (): Promise<bigint | null> => {
    for await (const event of readAll({ from: 'end', direction: 'backwards', limit: 1 })) return event.position
    return null
  }

  return { subscribe, follow, readAll, head }
}
