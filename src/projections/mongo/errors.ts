import { MongoServerError } from 'mongodb'
import { messageOf } from '../../domain/errors.js'
import { RowsRefused, StoreUnavailable } from '../store/projectionStore.js'

/** BadValue, document too large (two codes), key too long, failed document validation. */
const refusedCodes = new Set<unknown>([2, 10_334, 17_280, 17_420, 121])

/** What a document holds is refused for ever; anything else may work when it is tried again. */
export const asStoreError = (error: unknown): Error => {
  const message = messageOf(error)
  const refused =
    (error instanceof MongoServerError && refusedCodes.has(error.code)) ||
    (error instanceof Error && /BSON|document is larger|size must be/i.test(`${error.name} ${error.message}`))
  return refused ? new RowsRefused(message, { cause: error }) : new StoreUnavailable(message, { cause: error })
}

export const duplicateKey = 11_000

export const isDuplicateKey = (error: unknown): boolean =>
  error instanceof MongoServerError && error.code === duplicateKey
