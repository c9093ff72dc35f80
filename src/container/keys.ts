import { randomBytes } from 'node:crypto'
import { v7 as uuidv7 } from 'uuid'
import { newMasterKey } from '../commands/secrets/envelope.js'
import { type Config, ConfigError } from '../config.js'
import { formatApiKey } from '../domain/apiKeys/keyFormat.js'
import type { DataDirectory } from '../embedded/dataDirectory/index.js'

export interface Keys {
  /** Wraps the data keys. */
  readonly masterKey: string
  /** Others that data keys may be wrapped by while a rotation is under way, or was cut short. */
  readonly otherMasterKeys: readonly string[]
  /** The first API key; undefined where this process has no API and none was given. */
  readonly apiKey: string | undefined
  /** Whether the API key was made just now, so that it has to be shown. */
  readonly apiKeyIsNew: boolean
}

/** The keys out of the environment, or made once and kept in the data directory (mode 0600) where all stores are embedded. */
export const loadKeys = async (config: Config, directory: DataDirectory | undefined): Promise<Keys> => {
  const keep = (name: string, create: () => string): Promise<string> => {
    if (directory === undefined) throw new ConfigError('API_KEY and MASTER_KEY must be set where no store is embedded')
    return directory.readOrCreatePrivateFile(name, create)
  }
  let apiKeyIsNew = false
  const makeKey = () => {
    apiKeyIsNew = true
    return formatApiKey(uuidv7(), randomBytes(32))
  }
  const nextKey = config.MASTER_KEY === undefined ? await directory?.readPrivateFile('master-key.next') : undefined
  const [masterKey = await keep('master-key', newMasterKey), ...otherMasterKeys] = config.MASTER_KEY ?? []
  if (nextKey !== undefined) otherMasterKeys.push(nextKey)
  const needsKey = config.ROLES.has('api')
  const apiKey = config.API_KEY ?? (needsKey ? await keep('api-key', makeKey) : undefined)
  return { masterKey, otherMasterKeys, apiKey, apiKeyIsNew }
}
