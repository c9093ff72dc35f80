import type { z } from 'zod'
import type { RecordedEvent } from '../../domain/events/recordedEvent.js'
import type { JsonValue } from '../../domain/json.js'
import type { Activity } from '../../projections/queries/activity.js'
import type {
  activityItem as activitySchema,
  eventView as eventSchema,
  historyEvent as historySchema,
} from '../schemas/event.js'

/** An event as the API shows it. */
export const eventView = (event: RecordedEvent): z.input<typeof eventSchema> => ({
  id: event.id,
  type: event.type,
  stream: event.stream,
  revision: event.revision,
  position: event.position.toString(),
  occurredAt: event.metadata.occurredAt,
  recordedAt: event.recordedAt,
  actor: event.metadata.actor,
  correlationId: event.metadata.$correlationId,
  causationId: event.metadata.$causationId,
  schemaVersion: event.metadata.schemaVersion,
  data: event.data as JsonValue,
  hash: event.metadata.hash,
})

/** The same with all of its metadata. */
export const historyEventView = (event: RecordedEvent): z.input<typeof historySchema> => ({
  ...eventView(event),
  commandId: event.metadata.commandId,
  traceparent: event.metadata.traceparent ?? null,
  requestHash: event.metadata.requestHash ?? null,
  prevHash: event.metadata.prevHash,
})

/** A row of the activity feed. */
export const activityView = ({ position, actor, ...activity }: Activity): z.input<typeof activitySchema> => ({
  ...activity,
  position: position.toString(),
  actor: { ...actor, kind: actor.kind === 'apiKey' ? 'apiKey' : 'system' },
})
