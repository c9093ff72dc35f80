import { decodeEvent } from '../domain/events/decodeEvent.js'
import type { RecordedEvent } from '../domain/events/recordedEvent.js'
import { categories, categoryOfStream } from '../domain/streams.js'
import type { EventFeed } from '../eventlog/eventFeed.js'
import type { EventStore } from '../eventlog/eventStore.js'

/**
 * Which events; all that is given must hold. Times are ISO, `from` inclusive, `to` exclusive, and mean
 * `occurredAt`, as in the feed.
 */
export interface EventFilter {
  readonly stream?: string
  readonly type?: string
  /** Id of the actor. */
  readonly actor?: string
  readonly correlationId?: string
  readonly from?: string
  readonly to?: string
}

const matches = (event: RecordedEvent, filter: EventFilter, from: number, to: number): boolean => {
  const { type, actor, correlationId } = filter
  const occurred = Date.parse(event.metadata.occurredAt)
  return (
    (type === undefined || event.type === type) &&
    (actor === undefined || event.metadata.actor.id === actor) &&
    (correlationId === undefined || event.metadata.$correlationId === correlationId) &&
    occurred >= from &&
    occurred < to
  )
}

/** Every event that matches, in the order of the log (of its stream where one is named). Holds one event at a time. */
export async function* exportEvents(
  { store, feed }: { store: EventStore; feed: EventFeed },
  filter: EventFilter,
): AsyncIterable<RecordedEvent> {
  const from = filter.from === undefined ? Number.NEGATIVE_INFINITY : Date.parse(filter.from)
  const to = filter.to === undefined ? Number.POSITIVE_INFINITY : Date.parse(filter.to)
  const source =
    filter.stream === undefined
      ? feed.readAll({ from: 'start', direction: 'forwards' })
      : store.readStream(filter.stream)
  for await (const stored of source) {
    if (!(categories as readonly string[]).includes(categoryOfStream(stored.stream))) continue
    const event = decodeEvent(stored)
    if (matches(event, filter, from, to)) yield event
  }
}
