import type { EventStoreDBClient } from '@eventstore/db-client'
import type { StoredEvent } from '../../domain/events/recordedEvent.js'
import type { EventStore, ReadOptions } from '../eventStore.js'
import { createBatchAppender } from './batchAppender.js'
import { logCalls } from './logCalls.js'
import { readStreamRequest } from './messages/readRequest.js'
import { readEvents, readWhole } from './readEvents.js'

/**
 * Up to so many events are read before the first is given out. A read that its reader leaves early has to be cancelled, and a
 * server takes a connection that cancels many calls a second for an attack (HTTP/2 rapid reset) and closes it.
 */
const drainedPage = 1_000

/** The write side's view of an EventStoreDB. */
export const eventStoreDbStore = (client: EventStoreDBClient): EventStore => {
  const calls = logCalls(client)

  async function* readStream(stream: string, options: ReadOptions = {}): AsyncIterable<StoredEvent> {
    const { direction = 'forwards', limit = Number.MAX_SAFE_INTEGER } = options
    const from = options.from ?? (direction === 'forwards' ? 'start' : 'end')
    const request = readStreamRequest(stream, from, direction, limit)
    if (limit <= drainedPage) yield* await readWhole(calls, request)
    else yield* readEvents(calls, request)
  }

  return { append: createBatchAppender(calls), readStream }
}
