import type { Scope } from '../events/catalogue/apiKeys.js'

export interface ApiKey {
  readonly keyId: string
  readonly name: string
  readonly scopes: readonly Scope[]
  /** SHA-256 (hex) of the whole key. */
  readonly hash: string
  /** ISO time; null: it never expires. */
  readonly expiresAt: string | null
  readonly createdAt: string
  readonly revokedAt: string | null
}

export type ApiKeyState = ApiKey | undefined
