import { createHash, timingSafeEqual } from 'node:crypto'
import { v5 as uuidv5 } from 'uuid'
import { formatApiKey, hashApiKey, keyIdOf } from '../../domain/apiKeys/keyFormat.js'
import type { ApiKeyAuthenticator } from './apiKeyAuthenticator.js'

const derive = (purpose: string, key: string): Buffer => createHash('sha256').update(`${purpose}\n${key}`).digest()

/**
 * A key that an operator chose (`API_KEY`) may have any form; the log knows it under a key of ours that follows from it.
 * One that has our form is taken as it is.
 */
export const wellFormedKey = (chosen: string): string => {
  if (keyIdOf(chosen) !== undefined) return chosen
  const id = uuidv5(derive('flowledger api key id', chosen).toString('hex'), uuidv5.URL)
  return formatApiKey(id, derive('flowledger api key secret', chosen))
}

/** Lets the chosen key in wherever its well-formed stand-in would be. */
export const acceptChosenKey = (authenticator: ApiKeyAuthenticator, chosen: string): ApiKeyAuthenticator => {
  const standIn = wellFormedKey(chosen)
  if (standIn === chosen) return authenticator
  const expected = Buffer.from(hashApiKey(chosen))
  const isChosen = (key: string) => timingSafeEqual(Buffer.from(hashApiKey(key)), expected)
  return {
    authenticate: (key) => authenticator.authenticate(isChosen(key) ? standIn : key),
    stop: () => authenticator.stop(),
  }
}
