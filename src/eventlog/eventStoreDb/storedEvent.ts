import type { RecordedEvent as ClientEvent, Position } from '@eventstore/db-client'
import type { StoredEvent } from '../../domain/events/recordedEvent.js'

/** Throws where the server sent none. */
export const positionOf = (event: ClientEvent): bigint => {
  const { position } = event as ClientEvent & { position?: Position }
  if (position === undefined)
    throw new Error(`the log sent no position with event ${event.revision} of ${event.streamId}`)
  return position.commit
}

/** Every event of the program is JSON, so `data` is parsed already. */
export const toStoredEvent = (event: ClientEvent): StoredEvent => {
  return {
    id: event.id,
    stream: event.streamId,
    revision: Number(event.revision),
    position: positionOf(event),
    recordedAt: event.created.toISOString(),
    type: event.type,
    data: event.data,
    metadata: event.metadata,
  }
}
