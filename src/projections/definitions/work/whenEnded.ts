import type { Handler } from '../../model/projection.js'

type End = 'ExecutionCancelled' | 'ExecutionCompleted' | 'ExecutionFailed' | 'ExecutionTimedOut'

/** A run that has ended leaves no work behind. */
export const whenEnded = <R>(): { readonly [T in End]: Handler<R, T> } => {
  const remove = { rows: () => 'all' as const, evolve: () => null }
  return {
    ExecutionCancelled: remove,
    ExecutionCompleted: remove,
    ExecutionFailed: remove,
    ExecutionTimedOut: remove,
  }
}
