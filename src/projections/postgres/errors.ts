import { messageOf } from '../../domain/errors.js'
import { RowsRefused, StoreUnavailable } from '../store/projectionStore.js'

/** SQLSTATE classes: data exception, integrity constraint violation. Program limit exceeded (a value too large to index). */
const refusedClasses = new Set(['22', '23', '54'])

export const sqlState = (error: unknown): string | undefined => {
  const code = (error as { code?: unknown } | undefined)?.code
  return typeof code === 'string' ? code : undefined
}

/** What the rows hold is refused for ever; anything else may work when it is tried again. */
export const asStoreError = (error: unknown): Error => {
  const message = messageOf(error)
  const state = sqlState(error)
  return state?.length === 5 && refusedClasses.has(state.slice(0, 2))
    ? new RowsRefused(message, { cause: error })
    : new StoreUnavailable(message, { cause: error })
}
