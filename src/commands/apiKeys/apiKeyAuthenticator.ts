import type { Scope } from '../../domain/events/catalogue/apiKeys.js'
import type { Actor } from '../../domain/events/metadata.js'

/** Who sent a request. */
export interface AuthenticatedKey {
  readonly keyId: string
  readonly name: string
  readonly scopes: ReadonlySet<Scope>
  /** For the metadata of events. */
  readonly actor: Actor
}

export interface ApiKeyAuthenticator {
  /**
   * Undefined for whatever is not a valid key: malformed, unknown, wrong, revoked, expired. Synchronous where the key was
   * seen shortly before. Throws FlowledgerError `log_unavailable`.
   */
  authenticate(key: string): AuthenticatedKey | undefined | Promise<AuthenticatedKey | undefined>
  /** Ends the subscription that keeps what is remembered up to date. */
  stop(): Promise<void>
}
