import { conflict, invalid } from '../../domain/errors.js'
import { secretsAggregate } from '../../domain/secrets/aggregate.js'
import type { StoredSecret } from '../../domain/secrets/state.js'
import type { CommandHandler } from '../commandHandler.js'
import { secretContext, unseal } from './envelope.js'
import type { Keyring } from './keyring.js'
import type { SecretReader } from './secretReader.js'

/** `maxAgeMs`: after that time a value that another process set is seen at the latest. */
export const createSecretReader = ({
  handler,
  keyring,
  maxAgeMs = 1_000,
}: {
  readonly handler: CommandHandler
  readonly keyring: Keyring
  readonly maxAgeMs?: number
}): SecretReader => {
  const open = async (workflowId: string, secret: StoredSecret): Promise<string> => {
    const { key, version, dataKeyId } = secret
    const dataKey = await keyring.findDataKey(workflowId, dataKeyId)
    const sealed = {
      iv: Buffer.from(secret.iv, 'base64'),
      tag: Buffer.from(secret.tag, 'base64'),
      ciphertext: Buffer.from(secret.ciphertext, 'base64'),
    }
    const value = dataKey && unseal(dataKey.key, sealed, secretContext(workflowId, key, version))
    if (!value)
      throw conflict('secret_unreadable', `The secret ${key} can't be decrypted: its data key is gone or does not fit.`)
    return value.toString('utf8')
  }

  return {
    read: async (workflowId, names) => {
      if (names.length === 0) return {}
      const { state } = await handler.load(secretsAggregate, workflowId, { maxAgeMs })
      const missing = names.filter((name) => !state.secrets.has(name))
      if (missing.length > 0) throw invalid('secret_missing', `These secrets are not set: ${missing.join(', ')}.`)
      const values: Record<string, string> = {}
      for (const name of names) {
        const secret = state.secrets.get(name)
        if (secret) values[name] = await open(workflowId, secret)
      }
      return values
    },
  }
}
