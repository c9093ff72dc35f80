import type { ThreadTurn } from '../../../src/domain/nodes/threadTurn.js'

/** A turn that records when its wait begins and when it ends. */
export const recordedTurn = (group = 'group', maxWaitMs = 60_000): ThreadTurn & { readonly told: string[] } => {
  const told: string[] = []
  return {
    told,
    group,
    maxWaitMs,
    wait: () => {
      told.push('waits')
      return () => told.push('begun')
    },
  }
}
