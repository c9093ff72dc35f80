import type { RecordedEvent as ClientEvent, Position } from '@eventstore/db-client'
import type { StoredEvent } from '../../domain/events/recordedEvent.js'

/** Every event of the program is JSON, so `data` is parsed already. Throws where the server sent no position. */
export const toStoredEvent = (event: ClientEvent): StoredEvent => {
  const { position } = event as ClientEvent & { position?: Position }
  if (position === undefined)
    throw new Error(`the log sent no position with event ${event.revision} of ${event.streamId}`)
  return {
    id: event.id,
    stream: event.streamId,
    revision: Number(event.revision),
    position: position.commit,
    recordedAt: event.created.toISOString(),
    type: event.type,
    data: event.data,
    metadata: event.metadata,
  }
}
