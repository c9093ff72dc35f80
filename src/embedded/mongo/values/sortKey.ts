import { createHash } from 'node:crypto'
import { Code, MaxKey, MinKey, ObjectId } from 'bson'
import { isDocument } from './document.js'
import { ExactBinary, ExactDecimal, ExactLong, ExactTimestamp } from './exact.js'

/**
 * Values as bytes whose order is MongoDB's order of values (types by rank, then by value), and that are equal exactly where
 * MongoDB calls the values equal. One value's bytes are never a prefix of another's.
 */
export const TYPE_RANK = {
  minKey: 0x08,
  null: 0x10,
  number: 0x18,
  string: 0x20,
  object: 0x28,
  array: 0x30,
  binary: 0x38,
  objectId: 0x40,
  boolean: 0x48,
  date: 0x50,
  timestamp: 0x58,
  regex: 0x60,
  code: 0x68,
  maxKey: 0xf0,
} as const

export const sortKey = (value: unknown): Buffer => Buffer.concat(parts(value))

const END = Buffer.of(0)

const parts = (value: unknown): Buffer[] => {
  if (value === null || value === undefined) return [Buffer.of(TYPE_RANK.null)]
  switch (typeof value) {
    case 'number':
      return [numberKey(value, 0)]
    case 'string':
      return [Buffer.of(TYPE_RANK.string), text(value)]
    case 'boolean':
      return [Buffer.of(TYPE_RANK.boolean, value ? 1 : 0)]
    case 'object':
      return objectParts(value)
    default:
      throw new TypeError(`a ${typeof value} has no order`)
  }
}

const objectParts = (value: object): Buffer[] => {
  if (Array.isArray(value)) return [Buffer.of(TYPE_RANK.array), ...value.flatMap(parts), END]
  if (isDocument(value)) {
    const fields = Object.entries(value).flatMap(([name, field]) => {
      const [head = END, ...rest] = parts(field)
      return [head.subarray(0, 1), text(name), head.subarray(1), ...rest]
    })
    return [Buffer.of(TYPE_RANK.object), ...fields, END]
  }
  if (value instanceof ObjectId) return [Buffer.of(TYPE_RANK.objectId), Buffer.from(value.id)]
  if (value instanceof Date) return [Buffer.of(TYPE_RANK.date), doubleKey(value.getTime())]
  if (value instanceof ExactLong) return [longKey(value.valueOf())]
  if (value instanceof ExactDecimal) return [numberKey(value.valueOf(), 0, value.toString())]
  if (value instanceof ExactBinary) return [Buffer.of(TYPE_RANK.binary), binaryKey(value)]
  if (value instanceof ExactTimestamp) return [Buffer.of(TYPE_RANK.timestamp), Buffer.from(value.toString(), 'hex')]
  if (value instanceof RegExp) return [Buffer.of(TYPE_RANK.regex), text(value.source), text(value.flags)]
  if (value instanceof MinKey) return [Buffer.of(TYPE_RANK.minKey)]
  if (value instanceof MaxKey) return [Buffer.of(TYPE_RANK.maxKey)]
  if (value instanceof Code) return [Buffer.of(TYPE_RANK.code), text(String(value.code))]
  return [Buffer.of(TYPE_RANK.code), text(JSON.stringify(value))]
}

/** A zero byte inside is written as 0, 255; the end as 0, 1. */
const text = (value: string): Buffer => {
  const bytes = Buffer.from(value)
  if (!bytes.includes(0)) return Buffer.concat([bytes, Buffer.of(0, 1)])
  const escaped = [...bytes].flatMap((byte) => (byte === 0 ? [0, 255] : [byte]))
  return Buffer.from([...escaped, 0, 1])
}

/** IEEE 754 with the sign bit flipped, and all bits of negative numbers: bytes in numeric order. NaN comes first. */
const doubleKey = (value: number): Buffer => {
  const bytes = Buffer.alloc(8)
  if (Number.isNaN(value)) return bytes
  bytes.writeDoubleBE(value === 0 ? 0 : value)
  if (value < 0) for (let index = 0; index < 8; index++) bytes[index] = ~(bytes[index] ?? 0)
  else bytes[0] = (bytes[0] ?? 0) ^ 0x80
  return bytes
}

/** The nearest double, what that lacks of the exact integer (at most 512), and for a decimal fraction its digits. */
const numberKey = (nearest: number, remainder: number, digits = ''): Buffer => {
  const tail = Buffer.alloc(2)
  tail.writeUInt16BE(0x8000 + remainder)
  const head = [Buffer.of(TYPE_RANK.number), doubleKey(nearest), tail]
  return Buffer.concat(digits === '' ? [...head, END] : [...head, Buffer.of(1), text(digits)])
}

const longKey = (value: bigint): Buffer => {
  const nearest = Number(value)
  return numberKey(nearest, Number(value - BigInt(nearest)))
}

const binaryKey = (value: ExactBinary): Buffer => {
  const bytes = value.bytes()
  const head = Buffer.alloc(5)
  head.writeUInt32BE(bytes.length)
  head[4] = value.subtype()
  return Buffer.concat([head, bytes])
}

/** The longest prefix of one value's (or one index entry's) bytes that goes into a key of the store. */
export const MAX_KEY_PART = 900

/** A key that fits the store: a longer one keeps its beginning and gets a hash, so it is still unique but ordered by its beginning only. */
export const boundedKey = (key: Buffer): Buffer => {
  if (key.length <= MAX_KEY_PART) return key
  const hash = createHash('sha256').update(key).digest()
  return Buffer.concat([key.subarray(0, MAX_KEY_PART), hash])
}
