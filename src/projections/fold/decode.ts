import { catalogue, type EventTypeName } from '../../domain/events/catalogue/index.js'
import { decodeEvent, schemaVersionOf, UndecodableEvent } from '../../domain/events/decodeEvent.js'
import type { RecordedEvent, StoredEvent } from '../../domain/events/recordedEvent.js'

/** An event that can't be read, with the reason. */
export interface PoisonEvent {
  readonly poison: string
  readonly stored: StoredEvent
}

export type FedEvent = RecordedEvent | PoisonEvent

export const isPoison = (event: FedEvent): event is PoisonEvent => 'poison' in event

const currentVersions: ReadonlyMap<string, number> = new Map(
  (Object.keys(catalogue) as EventTypeName[]).map((type) => [type, schemaVersionOf(type)]),
)

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

/**
 * What the write side parsed before it appended is not parsed again here: at the full speed of a rebuild that would cost more
 * than all the rest. Types, versions and the parts of the metadata that rows are made of are looked at; rows are checked before
 * they are written. Events of older versions take the long way.
 */
const isCurrent = (stored: StoredEvent): boolean => {
  const { metadata, data } = stored
  if (!isRecord(metadata) || !isRecord(data)) return false
  return (
    metadata.schemaVersion === currentVersions.get(stored.type) &&
    metadata.schemaVersion !== undefined &&
    typeof metadata.occurredAt === 'string' &&
    isRecord(metadata.actor)
  )
}

/** Reads an event for projections. Never throws: what can't be read is poison. */
export const feedEvent = (stored: StoredEvent): FedEvent => {
  if (isCurrent(stored)) return stored as unknown as RecordedEvent
  try {
    return decodeEvent(stored)
  } catch (error) {
    if (error instanceof UndecodableEvent) return { poison: error.message, stored }
    throw error
  }
}

/** Where the event stands, whether it can be read or not. */
export const placeOf = (event: FedEvent): StoredEvent | RecordedEvent => (isPoison(event) ? event.stored : event)
