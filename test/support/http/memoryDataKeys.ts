import type { DataKeyStore, WrappedDataKey } from '../../../src/commands/secrets/dataKeys.js'

/** Wrapped data keys that live as long as the test. */
export const memoryDataKeys = (): DataKeyStore => {
  const keys = new Map<string, WrappedDataKey>()
  return {
    find: async (workflowId) => keys.get(workflowId),
    insert: async (key) => {
      const kept = keys.get(key.workflowId) ?? key
      keys.set(key.workflowId, kept)
      return kept
    },
    rewrap: async (key, previousMasterKeyId) => {
      if (keys.get(key.workflowId)?.masterKeyId !== previousMasterKeyId) return false
      keys.set(key.workflowId, key)
      return true
    },
    delete: async (workflowId) => keys.delete(workflowId),
    list: async function* () {
      yield* keys.values()
    },
  }
}
