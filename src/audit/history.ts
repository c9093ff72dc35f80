import { decodeEvent } from '../domain/events/decodeEvent.js'
import type { RecordedEvent } from '../domain/events/recordedEvent.js'
import type { EventStore } from '../eventlog/eventStore.js'

export interface HistoryPage {
  readonly events: readonly RecordedEvent[]
  /** Revision from which the next page starts; null on the last one. */
  readonly next: number | null
}

/** A page of a stream's events, oldest first. `from` is inclusive. */
export const readHistory = async (
  store: EventStore,
  stream: string,
  from: number,
  limit: number,
): Promise<HistoryPage> => {
  const events: RecordedEvent[] = []
  for await (const stored of store.readStream(stream, { from, limit: limit + 1 })) {
    if (events.length === limit) return { events, next: stored.revision }
    events.push(decodeEvent(stored))
  }
  return { events, next: null }
}
