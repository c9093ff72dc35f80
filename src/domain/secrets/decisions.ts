import { v5 as uuidv5 } from 'uuid'
import { FlowledgerError, invalid, notFound } from '../errors.js'
import type { SecretEvent } from '../events/catalogue/index.js'
import type { SecretsState } from './state.js'

/** Bytes of a value (UTF-8). */
const maxSecretBytes = 64 * 1024

const keyPattern = /^[A-Z][A-Z0-9_]{0,63}$/

/** A value as it goes into the log. */
export interface EncryptedValue {
  readonly dataKeyId: string
  readonly iv: string
  readonly tag: string
  readonly ciphertext: string
}

/** Throws `invalid_secret_key`, `secret_too_large`. */
export const checkSecret = (key: string, value: string): void => {
  if (!keyPattern.test(key)) {
    const detail = 'A secret is named by capital letters, digits and _, beginning with a letter, at most 64.'
    throw invalid('invalid_secret_key', detail, [{ pointer: '/key', code: 'invalid_secret_key', detail }])
  }
  if (Buffer.byteLength(value) > maxSecretBytes) {
    throw new FlowledgerError('tooLarge', 'secret_too_large', `A secret has at most ${maxSecretBytes} bytes.`)
  }
}

/** Every value is a version of its own, also one that is equal to the last. `encrypt` binds the value to its version. */
export const decideSetSecret = (
  state: SecretsState,
  { workflowId, key }: { readonly workflowId: string; readonly key: string },
  encrypt: (version: number) => EncryptedValue,
): SecretEvent[] => {
  const version = (state.versions.get(key) ?? 0) + 1
  const secretId = uuidv5(key, workflowId)
  return [{ type: 'SecretSet', data: { secretId, workflowId, key, version, ...encrypt(version) } }]
}

/** Throws `secret_not_found`. */
export const decideDeleteSecret = (state: SecretsState, workflowId: string, key: string): SecretEvent[] => {
  if (!state.secrets.has(key)) throw notFound('secret_not_found', `There is no secret ${key}.`)
  return [{ type: 'SecretDeleted', data: { workflowId, key } }]
}

export const decideDeleteAllSecrets = (state: SecretsState, workflowId: string): SecretEvent[] =>
  [...state.secrets.keys()].map((key) => ({ type: 'SecretDeleted', data: { workflowId, key } }))

/** Nothing where that is known already, so a rotation that was interrupted can be repeated. */
export const decideRecordRotation = (
  state: SecretsState,
  rotation: { readonly workflowId: string; readonly dataKeyId: string; readonly masterKeyId: string },
): SecretEvent[] => (state.masterKeyId === rotation.masterKeyId ? [] : [{ type: 'SecretKeyRotated', data: rotation }])
