import { z } from 'zod'

export const actorSchema = z.strictObject({ kind: z.enum(['apiKey', 'system']), id: z.string(), name: z.string() })
/** Who did it: an API key, or a part of the program. */
export type Actor = z.infer<typeof actorSchema>

/**
 * Metadata of every event (events.md). `requestHash` is there when the command carried an Idempotency-Key: the SHA-256
 * (hex) of the request's canonical body, which tells a replay from a reused key.
 */
export const metadataSchema = z.strictObject({
  $correlationId: z.string(),
  $causationId: z.string(),
  commandId: z.string(),
  schemaVersion: z.int().min(1),
  actor: actorSchema,
  occurredAt: z.string(),
  traceparent: z.string().optional(),
  requestHash: z.string().optional(),
  prevHash: z.string(),
  hash: z.string(),
})
export type EventMetadata = z.infer<typeof metadataSchema>
