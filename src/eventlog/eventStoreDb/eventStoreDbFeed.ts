import type { EventStoreDBClient } from '@eventstore/db-client'
import type { StoredEvent } from '../../domain/events/recordedEvent.js'
import { categories, categoryOfStream } from '../../domain/streams.js'
import type { EventFeed, FeedItem, FeedOptions } from '../eventFeed.js'
import { LogUnavailable } from '../eventStore.js'
import { asLogError } from './errors.js'
import { logCalls } from './logCalls.js'
import { readAllRequest, subscribeRequest } from './messages/readRequest.js'
import { decodeReadResponse } from './messages/readResponse.js'
import { cancel, readWhole } from './readEvents.js'

const isOurs = (stream: string): boolean => (categories as readonly string[]).includes(categoryOfStream(stream))

/** The server takes types for prefixes, and finds them in any stream. */
const isWanted = (item: FeedItem, { prefixes, types }: FeedOptions): boolean => {
  if (types === undefined || item.kind !== 'event') return true
  const { stream, type } = item.event
  return types.includes(type) && prefixes.some((prefix) => stream.startsWith(prefix))
}

const endedByServer = () => new LogUnavailable('the log ended the subscription')

/** Events per call of readAll: few where few are wanted, but some, since not every event of the log is the program's. */
const smallestPage = 32
const largestPage = 1_000

/** The read side's view of an EventStoreDB. */
export const eventStoreDbFeed = (client: EventStoreDBClient): EventFeed => {
  const calls = logCalls(client)

  const open = async (options: FeedOptions) => {
    try {
      return await calls.read(subscribeRequest(options))
    } catch (error) {
      throw asLogError(error)
    }
  }

  async function* subscribe(options: FeedOptions): AsyncIterable<FeedItem> {
    const { signal } = options
    if (signal?.aborted) return
    const call = await open(options)
    const stop = () => call.destroy()
    signal?.addEventListener('abort', stop, { once: true })
    try {
      for await (const bytes of call) {
        const { item } = decodeReadResponse(bytes as Buffer)
        if (item !== undefined && isWanted(item, options)) yield item
        if (signal?.aborted) return
      }
      if (!signal?.aborted) throw endedByServer()
    } catch (error) {
      if (!signal?.aborted) throw asLogError(error)
    } finally {
      signal?.removeEventListener('abort', stop)
      cancel(call)
    }
  }

  const follow: EventFeed['follow'] = async (options, receive) => {
    const { signal } = options
    if (signal?.aborted) return
    const call = await open(options)
    let stop: () => void = () => undefined
    try {
      await new Promise<void>((resolve, reject) => {
        stop = resolve
        signal?.addEventListener('abort', stop, { once: true })
        if (signal?.aborted) resolve()
        const take = (bytes: Buffer) => {
          const { item } = decodeReadResponse(bytes)
          const pending = item !== undefined && isWanted(item, options) ? receive(item) : undefined
          if (pending === undefined) return
          // Paused, the call delivers nothing more, so a promise holds up all that comes after.
          call.pause()
          pending.then(() => call.resume(), reject)
        }
        call.on('data', (bytes: Buffer) => {
          try {
            take(bytes)
          } catch (error) {
            reject(error)
          }
        })
        call.on('error', (error: unknown) => reject(asLogError(error)))
        call.on('end', () => reject(endedByServer()))
      })
    } finally {
      signal?.removeEventListener('abort', stop)
      cancel(call)
    }
  }

  async function* readAll(options: Parameters<EventFeed['readAll']>[0]): AsyncIterable<StoredEvent> {
    const { direction, limit = Number.POSITIVE_INFINITY } = options
    const size = Math.min(largestPage, Math.max(smallestPage, limit))
    let { from } = options
    let last: bigint | undefined
    for (let left = limit; left > 0; ) {
      const page = await readWhole(calls, readAllRequest(from, direction, size))
      for (const event of page) {
        // Forwards a page begins with the last event of the one before.
        if (event.position === last) continue
        from = event.position
        last = event.position
        if (!isOurs(event.stream)) continue
        yield event
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
