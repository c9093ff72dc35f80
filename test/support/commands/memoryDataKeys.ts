import type { DataKeyStore, WrappedDataKey } from '../../../src/commands/secrets/dataKeys.js'

/** Data keys that live as long as the test. The contract suite holds it to the same rules as the real store. */
export const createMemoryDataKeys = (): DataKeyStore => {
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
    countOthers: async (masterKeyIds) =>
      [...keys.values()].filter(({ masterKeyId }) => !masterKeyIds.includes(masterKeyId)).length,
    list: async function* () {
      yield* [...keys.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
    },
  }
}
