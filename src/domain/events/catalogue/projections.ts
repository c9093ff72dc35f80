import { z } from 'zod'
import { jsonObjectSchema } from '../../jsonSchema.js'
import { first } from './eventType.js'

const rebuild = { projection: z.string(), rebuildId: z.uuid() }
const steered = z.strictObject({ ...rebuild, reason: z.string().optional() })
const deadLetter = z.strictObject({ projection: z.string(), position: z.string(), key: z.string(), reason: z.string() })

/** Stream `projection-<name>`: what operators did to projections. Positions are decimal strings. */
export const projectionEvents = {
  RebuildStarted: first(
    z.strictObject({ ...rebuild, generation: z.int(), fromGeneration: z.int().nullable(), targetPosition: z.string() }),
  ),
  RebuildPaused: first(steered),
  RebuildResumed: first(steered),
  RebuildCancelled: first(steered),
  RebuildVerified: first(z.strictObject({ ...rebuild, generation: z.int(), report: jsonObjectSchema })),
  RebuildSwapped: first(z.strictObject({ ...rebuild, generation: z.int(), position: z.string() })),
  RebuildRolledBack: first(z.strictObject({ projection: z.string(), fromGeneration: z.int(), toGeneration: z.int() })),
  RebuildFailed: first(z.strictObject({ ...rebuild, reason: z.string() })),
  DeadLetterRetried: first(deadLetter),
  DeadLetterDiscarded: first(deadLetter),
} as const
