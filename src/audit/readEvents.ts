import { decodeEvent } from '../domain/events/decodeEvent.js'
import type { RecordedEvent } from '../domain/events/recordedEvent.js'
import type { EventStore } from '../eventlog/eventStore.js'
import { happenedBy, type Point } from './point.js'

/** The events of a stream up to a moment, oldest first, decoded. Reads no more of the stream than that. */
export async function* eventsUntil(store: EventStore, stream: string, until?: Point): AsyncIterable<RecordedEvent> {
  for await (const stored of store.readStream(stream)) {
    if (until !== undefined && !happenedBy(stored, until)) return
    yield decodeEvent(stored)
  }
}
