import { z } from 'zod'
import { first } from './eventType.js'

const key = z.string().regex(/^[A-Z][A-Z0-9_]{0,63}$/)

/** Stream `secrets-<workflow uuid>`. Ciphertext and the data key's id, never a value (security.md). */
export const secretEvents = {
  /** AES-256-GCM; `iv`, `tag`, `ciphertext` are base64; `version` counts the values of this key from 1. */
  SecretSet: first(
    z.strictObject({
      secretId: z.uuid(),
      workflowId: z.uuid(),
      key,
      version: z.int().min(1),
      dataKeyId: z.string(),
      iv: z.string(),
      tag: z.string(),
      ciphertext: z.string(),
    }),
  ),
  SecretDeleted: first(z.strictObject({ workflowId: z.uuid(), key })),
  /** The workflow's data key was wrapped anew under another master key; no ciphertext changes. */
  SecretKeyRotated: first(z.strictObject({ workflowId: z.uuid(), dataKeyId: z.string(), masterKeyId: z.string() })),
} as const
