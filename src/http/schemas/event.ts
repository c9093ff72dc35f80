import { z } from 'zod'
import { actorSchema } from '../../domain/events/metadata.js'
import { idSchema, jsonSchema, positionSchema, revisionSchema, timeSchema } from './common.js'

export const actor = actorSchema.meta({ id: 'Actor' })

export const eventView = z
  .object({
    id: idSchema,
    type: z.string(),
    stream: z.string(),
    revision: revisionSchema,
    position: positionSchema,
    occurredAt: timeSchema,
    recordedAt: timeSchema,
    actor,
    correlationId: z.string(),
    causationId: z.string(),
    schemaVersion: z.int().min(1),
    data: jsonSchema,
    hash: z.string(),
  })
  .meta({ id: 'Event' })

/** An event with all of its metadata: what its hash is made of (docs/audit.md). */
export const historyEvent = eventView
  .extend({
    commandId: z.string(),
    traceparent: z.string().nullable(),
    requestHash: z.string().nullable().meta({
      description: 'SHA-256 of the body of the request, where that had an Idempotency-Key',
    }),
    prevHash: z.string(),
  })
  .meta({ id: 'HistoryEvent' })

/** An event without its payload, as the activity feed lists it. */
export const activityItem = eventView
  .omit({ data: true, hash: true, schemaVersion: true, recordedAt: true })
  .meta({ id: 'Activity' })
