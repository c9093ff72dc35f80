import {
  BACKWARDS,
  END,
  type EventStoreDBClient,
  FORWARDS,
  jsonEvent,
  NO_STREAM,
  type ResolvedEvent,
  START,
  StreamNotFoundError,
  WrongExpectedVersionError,
} from '@eventstore/db-client'
import type { StoredEvent } from '../../domain/events/recordedEvent.js'
import {
  type Appended,
  type EventStore,
  type EventToAppend,
  type ExpectedRevision,
  LogUnavailable,
  type ReadOptions,
  WrongRevision,
} from '../eventStore.js'
import { asLogError } from './errors.js'
import { toStoredEvent } from './storedEvent.js'

/**
 * A batch append that the server never answers hangs for ever in the client, which has no timer of its own. After this
 * many milliseconds its outcome is treated as unknown (LogUnavailable).
 */
const appendTimeoutMs = 15_000

const withTimeout = async <T>(work: Promise<T>, stream: string): Promise<T> => {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new LogUnavailable(`no answer to an append to ${stream}`)), appendTimeoutMs)
  })
  try {
    return await Promise.race([work, timeout])
  } finally {
    clearTimeout(timer)
  }
}

const utf8 = new TextEncoder()

/** Metadata goes out as bytes: as an object the client would pass it through base64 and back, twice an append. */
const toClientEvent = ({ id, type, data, metadata }: EventToAppend) =>
  jsonEvent({ id, type, data: data as Record<string, unknown>, metadata: utf8.encode(JSON.stringify(metadata)) })

/**
 * Up to so many events are read before the first is given out. A read that its reader leaves early has to be cancelled, and a
 * server takes a connection that cancels many calls a second for an attack (HTTP/2 rapid reset) and closes it.
 */
const drainedPage = 1_000

const readToEnd = async (events: AsyncIterable<ResolvedEvent>): Promise<StoredEvent[]> => {
  const read: StoredEvent[] = []
  for await (const { event } of events) if (event !== undefined) read.push(toStoredEvent(event))
  return read
}

/** The write side's view of an EventStoreDB. */
export const eventStoreDbStore = (client: EventStoreDBClient): EventStore => {
  const append = async (
    stream: string,
    events: readonly EventToAppend[],
    expected: ExpectedRevision,
  ): Promise<Appended> => {
    try {
      const result = await withTimeout(
        client.appendToStream(stream, events.map(toClientEvent), {
          expectedRevision: expected === 'none' ? NO_STREAM : BigInt(expected),
        }),
        stream,
      )
      if (result.position === undefined) throw new Error(`the log sent no position for an append to ${stream}`)
      return { revision: Number(result.nextExpectedRevision), position: result.position.commit }
    } catch (error) {
      if (!(error instanceof WrongExpectedVersionError)) throw asLogError(error)
      const { actualVersion } = error
      throw new WrongRevision(
        stream,
        typeof actualVersion === 'bigint' && actualVersion >= 0n ? Number(actualVersion) : null,
      )
    }
  }

  async function* readStream(stream: string, options: ReadOptions = {}): AsyncIterable<StoredEvent> {
    const { direction = 'forwards', limit } = options
    const from = options.from ?? (direction === 'forwards' ? 'start' : 'end')
    const events = client.readStream(stream, {
      direction: direction === 'forwards' ? FORWARDS : BACKWARDS,
      fromRevision: from === 'start' ? START : from === 'end' ? END : BigInt(from),
      ...(limit === undefined ? {} : { maxCount: limit }),
    })
    try {
      if (limit !== undefined && limit <= drainedPage) {
        yield* await readToEnd(events)
      } else {
        for await (const { event } of events) if (event !== undefined) yield toStoredEvent(event)
      }
    } catch (error) {
      if (error instanceof StreamNotFoundError) return
      throw asLogError(error)
    } finally {
      // Who leaves early destroys only the client's buffer; the call itself would stay open.
      await events.cancel()
    }
  }

  return { append, readStream }
}
