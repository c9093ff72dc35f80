import { EventEmitter, on } from 'node:events'
import type { StoredEvent } from '../../domain/events/recordedEvent.js'
import type { EventFeed, FeedItem } from '../eventFeed.js'
import { type EventStore, type EventToAppend, type ExpectedRevision, WrongRevision } from '../eventStore.js'
import type { WorkItem, WorkQueue } from '../workQueue.js'

export interface InMemoryLog extends EventStore, EventFeed, WorkQueue {
  /** All that was appended, in the order of the log. */
  readonly events: readonly StoredEvent[]
}

/** A log that lives as long as the process: the rules of the real one, for tests and for trying things out. */
export const createInMemoryLog = (now: () => Date = () => new Date()): InMemoryLog => {
  const events: StoredEvent[] = []
  const streams = new Map<string, StoredEvent[]>()
  const groups = new Map<string, Group>()
  const appended = new EventEmitter().setMaxListeners(0)

  const isReplay = (tail: readonly StoredEvent[], toAppend: readonly EventToAppend[], at: number) =>
    toAppend.length > 0 && toAppend.every((event, index) => tail[at + index]?.id === event.id)

  const append = async (stream: string, toAppend: readonly EventToAppend[], expected: ExpectedRevision) => {
    const tail = streams.get(stream) ?? []
    const revision = expected === 'none' ? -1 : expected
    if (tail.length - 1 !== revision) {
      const last = tail[revision + toAppend.length]
      if (!isReplay(tail, toAppend, revision + 1) || last === undefined) {
        throw new WrongRevision(stream, tail.length === 0 ? null : tail.length - 1)
      }
      return { revision: last.revision, position: last.position }
    }
    const recordedAt = now().toISOString()
    for (const { id, type, data, metadata } of toAppend) {
      const copy = JSON.parse(JSON.stringify({ data, metadata })) as { data: unknown; metadata: unknown }
      const position = BigInt(events.length + 1)
      const event: StoredEvent = { id, stream, revision: tail.length, position, recordedAt, type, ...copy }
      tail.push(event)
      events.push(event)
    }
    streams.set(stream, tail)
    appended.emit('appended')
    return { revision: tail.length - 1, position: events.at(-1)?.position ?? 0n }
  }

  async function* readStream(stream: string, options: Parameters<EventStore['readStream']>[1] = {}) {
    const { direction = 'forwards', limit = Number.POSITIVE_INFINITY } = options
    const from = options.from ?? (direction === 'forwards' ? 'start' : 'end')
    const tail = streams.get(stream) ?? []
    const forwards = direction === 'forwards'
    const start = from === 'start' ? 0 : from === 'end' ? (forwards ? tail.length : tail.length - 1) : from
    const inOrder = forwards ? tail.slice(start) : tail.slice(0, start + 1).reverse()
    yield* inOrder.slice(0, limit)
  }

  const matches = (event: StoredEvent, prefixes: readonly string[]) =>
    prefixes.some((prefix) => event.stream.startsWith(prefix))

  async function* subscribe({
    from,
    prefixes,
    types,
    signal,
  }: Parameters<EventFeed['subscribe']>[0]): AsyncIterable<FeedItem> {
    let next = from === 'start' ? 0 : from === 'end' ? events.length : Number(from)
    const wakeUps = on(appended, 'appended', signal === undefined ? {} : { signal })
    let caughtUp = false
    try {
      while (signal?.aborted !== true) {
        const event = events[next]
        if (event !== undefined) {
          next += 1
          if (matches(event, prefixes) && types?.includes(event.type) !== false) yield { kind: 'event', event }
          else yield { kind: 'checkpoint', position: event.position }
          continue
        }
        if (!caughtUp) yield { kind: 'caughtUp' }
        caughtUp = true
        if (next === events.length) await wakeUps.next()
      }
    } catch (error) {
      if (signal?.aborted !== true) throw error
    } finally {
      await wakeUps.return?.()
    }
  }

  async function* readAll({ from, direction, limit }: Parameters<EventFeed['readAll']>[0]) {
    const forwards = direction === 'forwards'
    const at = from === 'start' ? 0n : from === 'end' ? BigInt(events.length + 1) : from
    const inRange = forwards ? events.filter((e) => e.position >= at) : events.filter((e) => e.position < at).reverse()
    yield* inRange.slice(0, limit)
  }

  const head = async () => events.at(-1)?.position ?? null

  async function* consume({
    group,
    prefixes,
    types,
    signal,
  }: Parameters<WorkQueue['consume']>[0]): AsyncIterable<WorkItem> {
    const state = groups.get(group) ?? { next: 0, retries: [] }
    groups.set(group, state)
    const unsettled = new Set<Delivery>()
    const wakeUps = on(appended, 'appended', { signal })
    try {
      while (!signal.aborted) {
        const isWanted = (event: StoredEvent) => matches(event, prefixes) && types?.includes(event.type) !== false
        const delivery = take(state, events, isWanted)
        if (delivery === undefined) {
          await wakeUps.next()
          continue
        }
        unsettled.add(delivery)
        yield {
          event: delivery.event,
          retryCount: delivery.retryCount,
          ack: () => {
            unsettled.delete(delivery)
          },
          nack: (action) => {
            if (!unsettled.delete(delivery) || action === 'park') return
            state.retries.push({ event: delivery.event, retryCount: delivery.retryCount + 1 })
            appended.emit('appended')
          },
        }
      }
    } catch (error) {
      if (!signal.aborted) throw error
    } finally {
      // What this consumer had not settled goes to the others.
      state.retries.push(...[...unsettled].map(({ event, retryCount }) => ({ event, retryCount: retryCount + 1 })))
      appended.emit('appended')
      await wakeUps.return?.()
    }
  }

  return { append, readStream, subscribe, readAll, head, consume, events }
}

interface Delivery {
  readonly event: StoredEvent
  readonly retryCount: number
}

interface Group {
  next: number
  readonly retries: Delivery[]
}

const take = (
  group: Group,
  events: readonly StoredEvent[],
  matches: (event: StoredEvent) => boolean,
): Delivery | undefined => {
  const retry = group.retries.shift()
  if (retry !== undefined) return retry
  for (let event = events[group.next]; event !== undefined; event = events[group.next]) {
    group.next += 1
    if (matches(event)) return { event, retryCount: 0 }
  }
  return undefined
}
