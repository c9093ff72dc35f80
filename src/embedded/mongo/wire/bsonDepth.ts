import { MongoError } from '../errors.js'

/** MongoDB's own limit (BSONDepth::kDefaultMaxAllowableDepth). */
export const MAX_DEPTH = 180

/**
 * Refuses a document that is nested deeper than `MAX_DEPTH` or whose inner lengths do not fit, without recursion and before
 * anything is built from it. What the values are is the parser's business.
 */
export const checkDepth = (bytes: Buffer): void => {
  const ends: number[] = [openDocument(bytes, 0, bytes.length)]
  let at = 4
  while (ends.length > 0) {
    const end = ends.at(-1) ?? 0
    const type = byteAt(bytes, at)
    at += 1
    if (type === 0) {
      if (at !== end) throw invalid('a document ends early')
      ends.pop()
      continue
    }
    at = afterCString(bytes, at)
    if (type === 0x03 || type === 0x04) {
      if (ends.length >= MAX_DEPTH) {
        throw new MongoError('Overflow', `BSONObj exceeded maximum nested object depth: ${MAX_DEPTH}`)
      }
      ends.push(openDocument(bytes, at, end))
      at += 4
    } else at += valueLength(bytes, type, at)
    if (at >= end && ends.at(-1) === end) throw invalid('a value reaches beyond its document')
  }
}

const openDocument = (bytes: Buffer, at: number, limit: number): number => {
  if (at + 5 > limit) throw invalid('a document is cut short')
  const end = at + bytes.readInt32LE(at)
  if (end < at + 5 || end > limit) throw invalid('a document has a wrong length')
  return end
}

const afterCString = (bytes: Buffer, at: number): number => {
  const end = bytes.indexOf(0, at)
  if (end === -1) throw invalid('a name has no end')
  return end + 1
}

const FIXED: Readonly<Record<number, number>> = {
  1: 8,
  6: 0,
  7: 12,
  8: 1,
  9: 8,
  10: 0,
  16: 4,
  17: 8,
  18: 8,
  19: 16,
  127: 0,
  255: 0,
}

const valueLength = (bytes: Buffer, type: number, at: number): number => {
  const fixed = FIXED[type]
  if (fixed !== undefined) return fixed
  switch (type) {
    case 0x02:
    case 0x0d:
    case 0x0e:
      return 4 + lengthAt(bytes, at, 1)
    case 0x05:
      return 5 + lengthAt(bytes, at, 0)
    case 0x0b:
      return afterCString(bytes, afterCString(bytes, at)) - at
    case 0x0c:
      return 4 + lengthAt(bytes, at, 1) + 12
    case 0x0f:
      return lengthAt(bytes, at, 14)
    default:
      throw invalid(`unknown type ${type}`)
  }
}

const lengthAt = (bytes: Buffer, at: number, least: number): number => {
  if (at + 4 > bytes.length) throw invalid('a value is cut short')
  const length = bytes.readInt32LE(at)
  if (length < least || at + length > bytes.length) throw invalid('a value has a wrong length')
  return length
}

const byteAt = (bytes: Buffer, at: number): number => {
  const byte = bytes[at]
  if (byte === undefined) throw invalid('a document has no end')
  return byte
}

const invalid = (what: string): MongoError => new MongoError('InvalidBSON', `Invalid BSON: ${what}`)
