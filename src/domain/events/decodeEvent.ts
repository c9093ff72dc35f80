import type { EventType } from './catalogue/eventType.js'
import { catalogue, type DomainEvent, type EventTypeName } from './catalogue/index.js'
import { metadataSchema } from './metadata.js'
import type { RecordedEvent, StoredEvent } from './recordedEvent.js'

/** The log holds something that this program can't read: a type or version from the future, or damage. */
export class UndecodableEvent extends Error {
  override readonly name = 'UndecodableEvent'

  constructor(event: Pick<StoredEvent, 'stream' | 'revision' | 'type'>, reason: string) {
    super(`event ${event.revision} of ${event.stream} (${event.type}) can't be read: ${reason}`)
  }
}

const isKnown = (type: string): type is EventTypeName => Object.hasOwn(catalogue, type)

/** Upcasts a stored event to the newest version of its type and parses it. Throws UndecodableEvent. */
export const decodeEvent = (stored: StoredEvent): RecordedEvent => {
  if (!isKnown(stored.type)) throw new UndecodableEvent(stored, 'unknown type')
  const type: EventType = catalogue[stored.type]
  const metadata = metadataSchema.safeParse(stored.metadata)
  if (!metadata.success) throw new UndecodableEvent(stored, `metadata: ${metadata.error.message}`)
  const version = metadata.data.schemaVersion
  if (version > type.schemas.length) throw new UndecodableEvent(stored, `schema version ${version} is newer than known`)
  const upcasted = type.upcasts.slice(version - 1).reduce<unknown>((data, upcast) => upcast(data as never), stored.data)
  const data = type.current.safeParse(upcasted)
  if (!data.success) throw new UndecodableEvent(stored, data.error.message)
  const event = { type: stored.type, data: data.data } as DomainEvent
  return {
    ...event,
    id: stored.id,
    stream: stored.stream,
    revision: stored.revision,
    position: stored.position,
    recordedAt: stored.recordedAt,
    metadata: metadata.data,
  }
}

/** The schema version that is written today. */
export const schemaVersionOf = (type: EventTypeName): number => catalogue[type].schemas.length
