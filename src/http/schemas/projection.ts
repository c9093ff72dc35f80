import { z } from 'zod'
import { idSchema, positionSchema, timeSchema } from './common.js'
import { actor } from './event.js'

export const projectionView = z
  .object({
    name: z.string(),
    version: z.int(),
    store: z.enum(['postgres', 'mongo']),
    state: z.enum(['live', 'catching_up', 'rebuilding', 'stalled', 'paused']),
    position: positionSchema.nullable().meta({ description: 'Everything up to here is applied' }),
    head: positionSchema.nullable().meta({ description: 'The newest event of the log' }),
    lagEvents: z.number(),
    lagMs: z.number(),
    eventsPerSecond: z.number(),
    generation: z.int().nullable(),
    ready: z.boolean(),
    deadLetters: z.int(),
    reconnects: z.int(),
    error: z.string().nullable(),
    rebuildId: z.string().nullable(),
  })
  .meta({ id: 'Projection' })

const difference = z.object({
  table: z.string(),
  key: z.record(z.string(), z.string()).readonly(),
  kind: z.enum(['missing', 'unexpected', 'different']),
  columns: z.array(z.string()).readonly().optional(),
})

const rowCount = z.object({ before: z.number().nullable(), after: z.number() })

export const verificationView = z
  .object({
    equal: z.boolean(),
    position: positionSchema,
    method: z.enum(['generations', 'refold']),
    rows: z.record(z.string(), rowCount).readonly(),
    differences: z.array(difference).readonly(),
    sampledStreams: z.int(),
  })
  .meta({ id: 'ProjectionVerification' })

export const rebuildView = z
  .object({
    id: idSchema,
    projection: z.string(),
    state: z.enum([
      'preparing',
      'replaying',
      'catching_up',
      'verifying',
      'swapped',
      'completed',
      'paused',
      'failed',
      'cancelled',
    ]),
    generation: z.int(),
    fromGeneration: z.int().nullable(),
    processed: z.number().meta({ description: 'Events replayed' }),
    eventsPerSecond: z.number().meta({
      description: 'While it replays: in the last half second. When it is over: from its start to its end. Else 0',
    }),
    bytes: z.number().meta({ description: 'Written to the store' }),
    progress: z.number().min(0).max(1).meta({ description: 'By log position, towards `targetPosition`' }),
    etaSeconds: z.number().nullable().meta({
      description:
        'Until it has replayed the log to `targetPosition`; null where it does not replay, and until it has replayed a hundredth',
    }),
    position: positionSchema.nullable(),
    targetPosition: positionSchema,
    startedAt: timeSchema,
    finishedAt: timeSchema.nullable(),
    keepUntil: timeSchema.nullable().meta({ description: 'Until then the old generation is kept for a rollback' }),
    swapMs: z.number().nullable().meta({ description: 'How long the swap held its locks' }),
    verification: verificationView.nullable(),
    error: z.string().nullable(),
    startedBy: actor,
  })
  .meta({ id: 'Rebuild' })

export const dryRunView = z
  .object({
    projection: z.string(),
    rows: z.number(),
    bytes: z.number(),
    estimatedEvents: z.number(),
    estimatedSeconds: z.number(),
  })
  .meta({ id: 'RebuildEstimate' })

export const deadLetterView = z
  .object({
    projection: z.string(),
    generation: z.int(),
    position: positionSchema,
    stream: z.string(),
    revision: z.int(),
    eventId: z.string(),
    type: z.string(),
    reason: z.string(),
    at: timeSchema,
    held: z.int().meta({ description: 'Events of the same stream that are held behind it' }),
    requested: z.enum(['retry', 'discard']).nullable(),
  })
  .meta({ id: 'DeadLetter' })
