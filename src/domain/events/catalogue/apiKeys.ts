import { z } from 'zod'
import { first } from './eventType.js'

export const scopes = [
  'workflows:read',
  'workflows:write',
  'workflows:publish',
  'executions:read',
  'executions:start',
  'executions:operate',
  'secrets:write',
  'audit:read',
  'projections:operate',
  'keys:manage',
] as const
export const scopeSchema = z.enum(scopes)
export type Scope = z.infer<typeof scopeSchema>

/** Stream `apikey-<uuid>`. */
export const apiKeyEvents = {
  /** `hash`: SHA-256 (hex) of the whole key as it is sent. */
  ApiKeyIssued: first(
    z.strictObject({
      keyId: z.uuid(),
      name: z.string(),
      scopes: z.array(scopeSchema),
      hash: z.string(),
      expiresAt: z.string().nullable(),
    }),
  ),
  ApiKeyRevoked: first(z.strictObject({ keyId: z.uuid() })),
} as const
