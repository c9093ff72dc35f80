import { randomBytes } from 'node:crypto'
import { v5 as uuidv5 } from 'uuid'
import { apiKeyAggregate } from '../../domain/apiKeys/aggregate.js'
import { decideEnsure, decideIssue, decideRevoke } from '../../domain/apiKeys/decisions.js'
import { formatApiKey, hashApiKey, keyIdOf } from '../../domain/apiKeys/keyFormat.js'
import type { ApiKeyState } from '../../domain/apiKeys/state.js'
import { invalid } from '../../domain/errors.js'
import type { ApiKeyEvent } from '../../domain/events/catalogue/index.js'
import type { CommandHandler, CommandOutcome } from '../commandHandler.js'
import type { IdSource } from '../ports.js'
import type { ApiKeyCommands, ApiKeyOutcome } from './apiKeyCommands.js'

const toOutcome = ({
  state,
  revision,
  position,
  replayed,
}: CommandOutcome<ApiKeyState, ApiKeyEvent>): ApiKeyOutcome => {
  if (!state) throw new Error('the command did not make the API key that it answers with')
  return { apiKey: state, revision, position, replayed }
}

/** `randomSecret`: 32 bytes nobody can guess. */
export const createApiKeyCommands = ({
  handler,
  ids,
  randomSecret = () => randomBytes(32),
}: {
  readonly handler: CommandHandler
  readonly ids: IdSource
  readonly randomSecret?: () => Buffer
}): ApiKeyCommands => ({
  issue: async (context, { name, scopes, expiresAt = null }) => {
    const keyId = context.requestHash === undefined ? ids.next() : uuidv5('api key', context.commandId)
    const key = formatApiKey(keyId, randomSecret())
    const issued = { keyId, name, scopes, hash: hashApiKey(key), expiresAt }
    const decide = (state: ApiKeyState) => decideIssue(state, issued, context.now)
    const outcome = toOutcome(await handler.handle(apiKeyAggregate, keyId, context, decide, { expectNew: true }))
    return { ...outcome, key: outcome.replayed ? undefined : key }
  },
  revoke: async (context, keyId) => toOutcome(await handler.handle(apiKeyAggregate, keyId, context, decideRevoke)),
  ensure: async (context, key, { name, scopes, expiresAt = null }) => {
    const keyId = keyIdOf(key)
    if (keyId === undefined)
      throw invalid('malformed_api_key', 'An API key has the form fl_<32 hex digits>_<43 characters>.')
    const wanted = { keyId, name, scopes, hash: hashApiKey(key), expiresAt }
    const decide = (state: ApiKeyState) => decideEnsure(state, wanted, context.now)
    return toOutcome(await handler.handle(apiKeyAggregate, keyId, context, decide))
  },
})
