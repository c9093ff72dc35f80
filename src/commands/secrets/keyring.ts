import { LRUCache } from 'lru-cache'
import { FlowledgerError, messageOf } from '../../domain/errors.js'
import { sentence } from '../../domain/sentence.js'
import type { IdSource } from '../ports.js'
import type { DataKeyStore, WrappedDataKey } from './dataKeys.js'
import { type MasterKey, newDataKey, seal, unseal } from './envelope.js'

export interface DataKey {
  readonly id: string
  readonly key: Buffer
}

/** The workflows' data keys, opened. Throws `keyring_unavailable`, `keyring_master_key` (it is wrapped by another one). */
export interface Keyring {
  readonly masterKeyId: string
  /** Of how many workflows the data key can't be opened, because it is wrapped by a master key that is not given. */
  unopenable(): Promise<number>
  /** Makes one where there is none yet; two processes come to the same one. */
  dataKeyOf(workflowId: string): Promise<DataKey>
  /** Undefined where this key was destroyed. */
  findDataKey(workflowId: string, dataKeyId: string): Promise<DataKey | undefined>
  /** Destroys it for ever. Processes that have it open forget it within `maxAgeMs`. */
  destroy(workflowId: string): Promise<boolean>
  /** Wraps every data key by this keyring's master key that is still wrapped by another one. Yields all keys. */
  rewrapAll(): AsyncIterable<{ readonly workflowId: string; readonly dataKeyId: string }>
}

export interface KeyringDependencies {
  readonly store: DataKeyStore
  readonly ids: IdSource
  readonly masterKey: MasterKey
  /** Master keys that data keys may be wrapped by too, while a rotation is under way. */
  readonly otherMasterKeys?: readonly MasterKey[]
  /** How long an opened key is kept in memory at most. */
  readonly maxAgeMs?: number
}

const contextOf = (workflowId: string, id: string): string => JSON.stringify([workflowId, id])

const reachable = async <T>(operation: Promise<T>): Promise<T> => {
  try {
    return await operation
  } catch (error) {
    const detail = messageOf(error)
    throw new FlowledgerError(
      'unavailable',
      'keyring_unavailable',
      sentence(`The data keys can not be reached: ${detail}`),
    )
  }
}

export const createKeyring = ({
  store,
  ids,
  masterKey,
  otherMasterKeys = [],
  maxAgeMs = 5_000,
}: KeyringDependencies): Keyring => {
  const masterKeys = new Map([...otherMasterKeys, masterKey].map((key) => [key.id, key.key]))
  const opened = new LRUCache<string, DataKey>({ max: 1_000, ttl: maxAgeMs })

  const wrap = (workflowId: string, { id, key }: DataKey): WrappedDataKey => ({
    id,
    workflowId,
    masterKeyId: masterKey.id,
    ...seal(masterKey.key, key, contextOf(workflowId, id)),
  })

  const open = (wrapped: WrappedDataKey): DataKey => {
    const { id, workflowId, masterKeyId } = wrapped
    const master = masterKeys.get(masterKeyId)
    const key = master && unseal(master, wrapped, contextOf(workflowId, id))
    if (!key) {
      const detail = `The data key of workflow ${workflowId} is wrapped by the master key ${masterKeyId}, which is not the one given.`
      throw new FlowledgerError('unavailable', 'keyring_master_key', detail)
    }
    return { id, key }
  }

  const find = async (workflowId: string): Promise<DataKey | undefined> => {
    const known = opened.get(workflowId)
    if (known) return known
    const wrapped = await reachable(store.find(workflowId))
    if (!wrapped) return undefined
    const key = open(wrapped)
    opened.set(workflowId, key)
    return key
  }

  return {
    masterKeyId: masterKey.id,
    unopenable: () => reachable(store.countOthers([...masterKeys.keys()])),
    dataKeyOf: async (workflowId) => {
      const known = await find(workflowId)
      if (known) return known
      const fresh = wrap(workflowId, { id: ids.next(), key: newDataKey() })
      const key = open(await reachable(store.insert(fresh)))
      opened.set(workflowId, key)
      return key
    },
    findDataKey: async (workflowId, dataKeyId) => {
      const key = await find(workflowId)
      return key?.id === dataKeyId ? key : undefined
    },
    destroy: async (workflowId) => {
      opened.delete(workflowId)
      return reachable(store.delete(workflowId))
    },
    rewrapAll: async function* () {
      for await (const wrapped of store.list()) {
        const { workflowId, id, masterKeyId } = wrapped
        if (masterKeyId !== masterKey.id) {
          await reachable(store.rewrap(wrap(workflowId, open(wrapped)), masterKeyId))
        }
        yield { workflowId, dataKeyId: id }
      }
    },
  }
}
