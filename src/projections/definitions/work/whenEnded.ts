import type { EndType } from '../../../domain/execution/endings.js'
import type { Handler } from '../../model/projection.js'

/** A run that has ended leaves no work behind. */
export const whenEnded = <R>(): { readonly [T in EndType]: Handler<R, T> } => {
  const remove = { rows: () => 'all' as const, evolve: () => null }
  return {
    ExecutionCancelled: remove,
    ExecutionCompleted: remove,
    ExecutionFailed: remove,
    ExecutionTimedOut: remove,
  }
}
