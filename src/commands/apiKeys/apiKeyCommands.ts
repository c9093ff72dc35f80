import type { ApiKey } from '../../domain/apiKeys/state.js'
import type { Scope } from '../../domain/events/catalogue/apiKeys.js'
import type { CommandContext } from '../commandHandler.js'

export interface ApiKeyOutcome {
  readonly apiKey: ApiKey
  readonly revision: number
  readonly position: bigint | undefined
  readonly replayed: boolean
}

export interface IssuedApiKey extends ApiKeyOutcome {
  /** `fl_<id>_<secret>`, only this once; undefined where the command was a repetition: nobody knows the key any more. */
  readonly key: string | undefined
}

export interface IssueApiKey {
  readonly name: string
  readonly scopes: readonly Scope[]
  /** ISO time in the future. */
  readonly expiresAt?: string | null | undefined
}

/** Refusals: `api_key_not_found` (404), `invalid_expiry` (422), `malformed_api_key` (422, `ensure` only). */
export interface ApiKeyCommands {
  issue(context: CommandContext, input: IssueApiKey): Promise<IssuedApiKey>
  revoke(context: CommandContext, keyId: string): Promise<ApiKeyOutcome>
  /** Makes a key that came from outside (`API_KEY`) known, unless it is already. Never brings a revoked one back. */
  ensure(context: CommandContext, key: string, input: IssueApiKey): Promise<ApiKeyOutcome>
}
