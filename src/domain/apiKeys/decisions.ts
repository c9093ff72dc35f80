import { conflict, invalid, notFound } from '../errors.js'
import type { Scope } from '../events/catalogue/apiKeys.js'
import type { ApiKeyEvent } from '../events/catalogue/index.js'
import type { ApiKey, ApiKeyState } from './state.js'

export interface NewApiKey {
  readonly keyId: string
  readonly name: string
  readonly scopes: readonly Scope[]
  readonly hash: string
  readonly expiresAt: string | null
}

/** Throws `invalid_expiry` where it would never be valid. */
export const decideIssue = (state: ApiKeyState, key: NewApiKey, now: string): ApiKeyEvent[] => {
  if (state) throw conflict('api_key_exists', 'There is an API key of this id already.')
  const { expiresAt } = key
  if (expiresAt !== null && !(Date.parse(expiresAt) > Date.parse(now))) {
    const detail = 'An API key expires in the future.'
    throw invalid('invalid_expiry', detail, [{ pointer: '/expiresAt', code: 'invalid_expiry', detail }])
  }
  return [{ type: 'ApiKeyIssued', data: { ...key, scopes: [...new Set(key.scopes)] } }]
}

/** A key that came from outside: nothing where it is known. Throws `api_key_mismatch` where another key has its id. */
export const decideEnsure = (state: ApiKeyState, key: NewApiKey, now: string): ApiKeyEvent[] => {
  if (!state) return decideIssue(state, key, now)
  if (state.hash !== key.hash) throw conflict('api_key_mismatch', 'Another API key was issued with this id.')
  return []
}

/** Nothing where it is revoked already. Throws `api_key_not_found`. */
export const decideRevoke = (state: ApiKeyState): ApiKeyEvent[] => {
  if (!state) throw notFound('api_key_not_found', 'There is no such API key.')
  return state.revokedAt === null ? [{ type: 'ApiKeyRevoked', data: { keyId: state.keyId } }] : []
}

/** Neither revoked nor expired. `now` in milliseconds. */
export const isUsable = ({ revokedAt, expiresAt }: ApiKey, now: number): boolean =>
  revokedAt === null && (expiresAt === null || Date.parse(expiresAt) > now)
