import { v7 as uuidv7 } from 'uuid'
import type { CommandContext } from '../../commands/commandHandler.js'
import { createKeyring, type Keyring } from '../../commands/secrets/keyring.js'
import { migrateDataKeys, postgresDataKeys } from '../../commands/secrets/postgresDataKeys.js'
import { rotateMasterKey } from '../../commands/secrets/rotateMasterKey.js'
import type { Config } from '../../config.js'
import { createContainer, startStores, tokens } from '../../container.js'
import { createLogger } from '../../logger.js'
import { Interrupted } from '../errors.js'
import { directConfig } from './directConfig.js'
import { checkMasterKeys, type MasterKeys, openMasterKeys } from './masterKeys.js'

export interface RotationReport {
  /** How many workflows have secrets. */
  readonly workflows: number
  readonly masterKeyId: string
  /** Whether the data directory keeps the new key. */
  readonly kept: boolean
}

const contextOf = (): CommandContext => {
  const commandId = uuidv7()
  return {
    commandId,
    actor: { kind: 'system', id: 'flowledger', name: 'command line' },
    now: new Date().toISOString(),
    correlationId: commandId,
    causationId: commandId,
  }
}

const stopIfAborted = (signal: AbortSignal): void => {
  if (signal.aborted) throw new Interrupted('cut short: run it again to go on')
}

/** The same, but it ends between two workflows when it is asked to. */
const interruptible = (keyring: Keyring, signal: AbortSignal): Keyring => ({
  ...keyring,
  rewrapAll: async function* () {
    for await (const wrapped of keyring.rewrapAll()) {
      yield wrapped
      stopIfAborted(signal)
    }
  },
})

const rotateIn = async (config: Config, file: string | undefined, signal: AbortSignal): Promise<RotationReport> => {
  const logger = createLogger(config.LOG_LEVEL)
  const stores = await startStores(config, (line) => logger.info(line))
  try {
    stopIfAborted(signal)
    const masterKeys: MasterKeys = await openMasterKeys(config, file)
    const { present, next, nextText: masterKey, kept } = masterKeys
    const container = createContainer({
      config,
      stores,
      keys: { masterKey, otherMasterKeys: [], apiKey: undefined, apiKeyIsNew: false },
      logger,
    })
    try {
      const pool = container.get(tokens.pool)
      await migrateDataKeys(pool)
      const ids = container.get(tokens.ids)
      const store = postgresDataKeys(pool)
      const keyring = createKeyring({ store, ids, masterKey: next, otherMasterKeys: present })
      const handler = container.get(tokens.handler)
      const workflows = await rotateMasterKey({ handler, keyring: interruptible(keyring, signal) }, contextOf())
      await masterKeys.settle()
      return { workflows, masterKeyId: next.id, kept }
    } finally {
      await container.unbindAllAsync()
    }
  } finally {
    await stores.stop()
  }
}

/**
 * Wraps every data key by a new master key, straight in the stores. Embedded ones are started here, so no server may run on them. It
 * is cut short by Ctrl-C between two workflows; done again it goes on.
 */
export const rotateSecrets = async (file: string | undefined): Promise<RotationReport> => {
  const config = directConfig()
  await checkMasterKeys(config, file)
  const controller = new AbortController()
  const abort = () => controller.abort()
  process.on('SIGINT', abort)
  process.on('SIGTERM', abort)
  try {
    return await rotateIn(config, file, controller.signal)
  } finally {
    process.off('SIGINT', abort)
    process.off('SIGTERM', abort)
  }
}
