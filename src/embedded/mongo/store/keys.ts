import type { KeyRange } from './keyValues.js'

/**
 * The first byte says what a key is: catalogue entry, content (then four bytes of a space number: a collection's documents or one
 * index), a space that waits to be cleared, or the last space number given out.
 */
const KIND = { lastSpace: 1, collection: 2, content: 3, trash: 4 } as const

export const LAST_SPACE_KEY = Buffer.of(KIND.lastSpace)

export const collectionKey = (namespace: string): Buffer =>
  Buffer.concat([Buffer.of(KIND.collection), Buffer.from(namespace)])

export const namespaceOf = (key: Buffer): string => key.subarray(1).toString()

export const ALL_COLLECTIONS: KeyRange = { start: Buffer.of(KIND.collection), end: Buffer.of(KIND.collection + 1) }

export const spacePrefix = (space: number): Buffer => {
  const prefix = Buffer.alloc(5)
  prefix[0] = KIND.content
  prefix.writeUInt32BE(space, 1)
  return prefix
}

export const contentKey = (space: number, ...parts: Buffer[]): Buffer => Buffer.concat([spacePrefix(space), ...parts])

export const trashKey = (space: number): Buffer => {
  const key = spacePrefix(space)
  key[0] = KIND.trash
  return key
}

export const ALL_TRASH: KeyRange = { start: Buffer.of(KIND.trash), end: Buffer.of(KIND.trash + 1) }

export const spaceOfTrash = (key: Buffer): number => key.readUInt32BE(1)

/** Everything that begins with `prefix`. */
export const prefixRange = (prefix: Buffer): KeyRange => ({ start: prefix, end: afterPrefix(prefix) })

/** The least key behind all that begin with `prefix`, which must hold a byte below 255. */
export const afterPrefix = (prefix: Buffer): Buffer => {
  let length = prefix.length
  while (length > 1 && prefix[length - 1] === 255) length--
  const end = Buffer.from(prefix.subarray(0, length))
  end[length - 1] = (end[length - 1] ?? 0) + 1
  return end
}
