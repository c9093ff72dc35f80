/** What anybody may know of a secret. */
export interface SecretMetadata {
  readonly secretId: string
  readonly key: string
  /** Counts the values of this key, from 1, also over deletions. */
  readonly version: number
  readonly createdAt: string
  /** When its present value was set. */
  readonly updatedAt: string
}

/** A secret as it is kept: AES-256-GCM, base64. */
export interface StoredSecret extends SecretMetadata {
  readonly dataKeyId: string
  readonly iv: string
  readonly tag: string
  readonly ciphertext: string
}

export interface SecretsState {
  /** The secrets that are set, by key. */
  readonly secrets: ReadonlyMap<string, StoredSecret>
  /** The last version of every key that was ever set, so that no version number comes twice. */
  readonly versions: ReadonlyMap<string, number>
  /** The master key under which the workflow's data key was wrapped last, where that ever changed. */
  readonly masterKeyId: string | null
}
