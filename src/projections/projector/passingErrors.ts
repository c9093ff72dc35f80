import { MongoNetworkError, MongoServerSelectionError } from 'mongodb'
import { LogUnavailable } from '../../eventlog/eventStore.js'
import { sqlState } from '../postgres/errors.js'
import { OwnershipLost } from '../runner/batchWriter.js'
import { StoreUnavailable } from '../store/projectionStore.js'

const passingClasses = [StoreUnavailable, LogUnavailable, OwnershipLost, MongoNetworkError, MongoServerSelectionError]

/** Connection exception, transaction rollback (deadlock), object in use (locks), operator intervention (shutdown). */
const passingStates = new Set(['08', '40', '55', '57'])

/** A store or the log was away for a moment, or somebody else had it: the same again later may work. */
export const isPassing = (error: unknown): boolean => {
  if (passingClasses.some((known) => error instanceof known)) return true
  const state = sqlState(error)
  if (state?.length === 5) return passingStates.has(state.slice(0, 2))
  // A socket's errors have codes of their own; the driver's own words for a lost connection have none.
  return state?.startsWith('E') === true || (error instanceof Error && /connection/i.test(error.message))
}
