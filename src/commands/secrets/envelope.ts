import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { invalid } from '../../domain/errors.js'

/** AES-256-GCM with a fresh 96-bit nonce (NIST SP 800-38D, 8.2.2). */
const algorithm = 'aes-256-gcm'
const keyBytes = 32
const nonceBytes = 12

export interface Sealed {
  readonly iv: Buffer
  readonly tag: Buffer
  readonly ciphertext: Buffer
}

/** `context` is authenticated but not encrypted: it says what the value is, so it can't be taken for another. */
export const seal = (key: Buffer, plaintext: Buffer, context: string): Sealed => {
  const iv = randomBytes(nonceBytes)
  const cipher = createCipheriv(algorithm, key, iv)
  cipher.setAAD(Buffer.from(context))
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()])
  return { iv, tag: cipher.getAuthTag(), ciphertext }
}

/** Undefined where key, context or content do not fit together. */
export const unseal = (key: Buffer, { iv, tag, ciphertext }: Sealed, context: string): Buffer | undefined => {
  try {
    const decipher = createDecipheriv(algorithm, key, iv, { authTagLength: 16 })
    decipher.setAAD(Buffer.from(context))
    decipher.setAuthTag(tag)
    return Buffer.concat([decipher.update(ciphertext), decipher.final()])
  } catch {
    // GCM says no more than that it does not fit; a malformed nonce or tag is the same to us.
    return undefined
  }
}

export interface MasterKey {
  /** Fingerprint: tells which master key wrapped a data key, and nothing about it. */
  readonly id: string
  readonly key: Buffer
}

/** `text`: 32 bytes in base64, as in MASTER_KEY. Throws `invalid_master_key`. */
export const parseMasterKey = (text: string): MasterKey => {
  const key = Buffer.from(text.trim(), 'base64')
  if (key.length !== keyBytes || !/^[A-Za-z0-9+/_-]+={0,2}$/.test(text.trim())) {
    throw invalid('invalid_master_key', 'A master key is 32 bytes in base64.')
  }
  return { id: createHash('sha256').update('flowledger master key').update(key).digest('hex').slice(0, 16), key }
}

export const newDataKey = (): Buffer => randomBytes(keyBytes)

/** For MASTER_KEY. */
export const newMasterKey = (): string => randomBytes(keyBytes).toString('base64')

/** What a secret's value is bound to (security.md). */
export const secretContext = (workflowId: string, key: string, version: number): string =>
  JSON.stringify([workflowId, key, version])
