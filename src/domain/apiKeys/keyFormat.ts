import { hash } from 'node:crypto'

/** `fl_<id>_<secret>`: the key's id as 32 hex digits, and 256 bits in base64url. */
const pattern = /^fl_([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})_[A-Za-z0-9_-]{43}$/

/** `secret`: 32 random bytes. */
export const formatApiKey = (keyId: string, secret: Buffer): string =>
  `fl_${keyId.replaceAll('-', '')}_${secret.toString('base64url')}`

/** The id that a key carries; undefined where it is none. */
export const keyIdOf = (key: string): string | undefined => pattern.exec(key)?.slice(1).join('-')

/** SHA-256 (hex) of the whole key: with 256 random bits in it there is nothing to guess, so no slow hash is needed. */
export const hashApiKey = (key: string): string => hash('sha256', key, 'hex')
