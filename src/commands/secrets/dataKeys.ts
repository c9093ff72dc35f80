/** A workflow's data key as it is kept: sealed by the master key `masterKeyId`. */
export interface WrappedDataKey {
  readonly id: string
  readonly workflowId: string
  readonly masterKeyId: string
  readonly iv: Buffer
  readonly tag: Buffer
  readonly ciphertext: Buffer
}

/**
 * Where wrapped data keys live. The one store that is no projection: it can't be rebuilt from the log, and what is deleted
 * from it is gone (crypto-shredding). A workflow has one data key at a time.
 */
export interface DataKeyStore {
  find(workflowId: string): Promise<WrappedDataKey | undefined>
  /** Keeps the key unless the workflow has one already; answers with the one that is there then. */
  insert(key: WrappedDataKey): Promise<WrappedDataKey>
  /** Replaces the wrapping, if it is still the one of `previousMasterKeyId`. */
  rewrap(key: WrappedDataKey, previousMasterKeyId: string): Promise<boolean>
  delete(workflowId: string): Promise<boolean>
  /** How many are wrapped by none of these. */
  countOthers(masterKeyIds: readonly string[]): Promise<number>
  /** All of them, by id. */
  list(): AsyncIterable<WrappedDataKey>
}
