import { Query } from 'mingo'
import type { Options } from 'mingo/types'
import { MongoError, toMongoError } from '../errors.js'
import type { Document } from '../values/document.js'

/** No JavaScript from a client is ever run. */
export const MINGO_OPTIONS: Partial<Options> = { scriptEnabled: false }

export type Matcher = (document: Document) => boolean

/** A filter as MongoDB's query language understands it (through mingo). A wrong one is refused with BadValue. */
export const matcherOf = (filter: Document): Matcher => {
  if (Object.keys(filter).length === 0) return () => true
  const query = mingo(() => new Query(filter, MINGO_OPTIONS))
  return (document) => mingo(() => query.test(document))
}

/** Runs something of mingo; its complaints about what the client wrote become errors of MongoDB. */
export const mingo = <T>(use: () => T): T => {
  try {
    return use()
  } catch (error) {
    const known = toMongoError(error)
    if (known.codeName !== 'InternalError') throw known
    throw new MongoError('BadValue', known.message)
  }
}
