import { MongoError } from '../errors.js'
import { directed } from '../store/indexEntries.js'
import { type Document, isDocument } from '../values/document.js'
import { valuesAt } from '../values/paths.js'
import { sortKey } from '../values/sortKey.js'
import type { Sort } from './plan.js'

/** MongoDB's limit on what one operation may hold in memory (internalQueryMaxBlockingSortMemoryUsageBytes). */
export const MEMORY_LIMIT_BYTES = 104_857_600

export const sortOf = (value: unknown): Sort => {
  if (value === undefined || value === null) return []
  if (!isDocument(value)) throw new MongoError('TypeMismatch', 'the sort must be an object')
  return Object.entries(value).map(([field, direction]) => {
    if (direction !== 1 && direction !== -1) {
      throw new MongoError('BadValue', `Illegal sort direction for ${field}: use 1 or -1`)
    }
    return [field, direction] as const
  })
}

/** All fields of the order as one key: of an array its least item counts upwards, its greatest downwards. */
export const orderKey = (document: Document, sort: Sort): Buffer =>
  Buffer.concat(
    sort.map(([field, direction]) => {
      const keys = valuesAt(document, field).values.map((value) => directed(sortKey(value), direction))
      return keys.reduce((least, key) => (Buffer.compare(key, least) < 0 ? key : least))
    }),
  )

/** Sorts what `items` brings, at most `MEMORY_LIMIT_BYTES` of it; with `keep` only so many of the first are held. */
export const sortAll = async <T extends { readonly document: Document; readonly bytes: Buffer }>(
  items: AsyncIterable<T>,
  sort: Sort,
  keep: number,
): Promise<T[]> => {
  let held: { key: Buffer; item: T }[] = []
  let bytes = 0
  const order = (): void => {
    held.sort((a, b) => Buffer.compare(a.key, b.key))
    for (const { key, item } of held.splice(keep)) bytes -= key.length + item.bytes.length
  }
  for await (const item of items) {
    const key = orderKey(item.document, sort)
    held.push({ key, item })
    bytes += key.length + item.bytes.length
    if (held.length >= 2 * keep + 1_000) order()
    if (bytes > MEMORY_LIMIT_BYTES) {
      throw new MongoError(
        'QueryExceededMemoryLimitNoDiskUseAllowed',
        `Sort exceeded memory limit of ${MEMORY_LIMIT_BYTES} bytes. Create an index for it.`,
      )
    }
  }
  order()
  const result = held.map(({ item }) => item)
  held = []
  return result
}
