import { Binary, DBRef, Decimal128, Double, deserialize, Int32, Long, Timestamp } from 'bson'
import { type Document, isDocument, setField } from './document.js'
import { ExactBinary, ExactDecimal, ExactLong, ExactTimestamp, isExact } from './exact.js'

/** The document as queries and updates see it: numbers are JavaScript's where they fit, the rest as values.exact. */
export const queryableFromBson = (bytes: Uint8Array): Document => {
  const document = deserialize(bytes, { useBigInt64: true })
  convertFields(document)
  return document
}

/** The document with every number in its BSON type, to write it back without losing one. */
export const typedFromBson = (bytes: Uint8Array): Document => deserialize(bytes, { promoteValues: false })

/** The same conversion for a value that was read with `useBigInt64`. Objects and arrays are converted in place. */
export const toQueryable = (value: unknown): unknown => {
  if (typeof value === 'bigint') return fromBigInt(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const item: unknown = value[index]
      const converted = toQueryable(item)
      if (converted !== item) value[index] = converted
    }
    return value
  }
  if (isDocument(value)) {
    convertFields(value)
    return value
  }
  return convertSpecial(value)
}

const convertFields = (document: Document): void => {
  for (const name of Object.keys(document)) {
    const value = document[name]
    if (typeof value !== 'bigint' && (typeof value !== 'object' || value === null)) continue
    const converted = toQueryable(value)
    if (converted !== value) setField(document, name, converted)
  }
}

const convertSpecial = (value: object): unknown => {
  if (value instanceof Binary) return new ExactBinary(value)
  // A Timestamp is a Long to JavaScript, so it is asked for first.
  if (value instanceof Timestamp) return new ExactTimestamp(value)
  if (value instanceof Long) return fromBigInt(value.toBigInt())
  if (value instanceof Int32 || value instanceof Double) return value.valueOf()
  if (value instanceof Decimal128) return fromDecimal(value)
  if (value instanceof DBRef) return toQueryable(value.toJSON())
  return value
}

const fromBigInt = (value: bigint): unknown => {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : new ExactLong(value)
}

const fromDecimal = (value: Decimal128): unknown => {
  const text = value.toString()
  const number = Number(text)
  return Number.isSafeInteger(number) && /^-?\d+$/.test(text) ? number : new ExactDecimal(value)
}

/** Back to what `bson` writes. A whole number beyond 32 bits becomes a Long, as MongoDB's arithmetic makes it. */
export const fromQueryable = (value: unknown): unknown => {
  if (typeof value === 'number') {
    if (!Number.isInteger(value) || Object.is(value, -0)) return new Double(value)
    if (value >= -0x80000000 && value <= 0x7fffffff) return new Int32(value)
    return Number.isSafeInteger(value) ? Long.fromNumber(value) : new Double(value)
  }
  if (isExact(value)) return value.bson()
  if (Array.isArray(value)) return value.map(fromQueryable)
  if (!isDocument(value)) return value
  const result: Document = {}
  for (const name of Object.keys(value)) setField(result, name, fromQueryable(value[name]))
  return result
}
