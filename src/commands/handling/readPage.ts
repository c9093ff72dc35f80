import type { StoredEvent } from '../../domain/events/recordedEvent.js'
import type { EventStore, ReadOptions } from '../../eventlog/eventStore.js'

/** Events per read where a stream is searched. */
export const pageSize = 200

/**
 * A bounded part of a stream, read to its end: a read that is left early stays open at the server for as long as the
 * client lives.
 */
export const readPage = async (
  store: EventStore,
  stream: string,
  options: ReadOptions & { readonly limit: number },
): Promise<StoredEvent[]> => {
  const events: StoredEvent[] = []
  for await (const event of store.readStream(stream, options)) events.push(event)
  return events
}
