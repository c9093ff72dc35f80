import { type NodeState, recordOf } from './executionState.js'
import type { PlannedNode } from './runPlan.js'

/** What follows an attempt that a crash left without an outcome: the policy's wish, else the node type's. */
export const wishInDoubt = ({ policy, type, node }: PlannedNode): 'retry' | 'hold' =>
  policy.inDoubt ?? (type.kind === 'sideEffect' ? type.inDoubt(node.config) : 'retry')

/**
 * Why the last attempt of a node that the end of its run cut off may have taken effect all the same; undefined where it has not.
 * Without a recorded outcome that counts, trying it again may do the same twice.
 */
export const doubtAtEnd = ({ type }: PlannedNode, node: NodeState): string | undefined => {
  const last = recordOf(node, node.attempts)
  if (node.status !== 'cancelled' || last === undefined) return undefined
  if (last.outcome === 'inDoubt') return 'it was in doubt when the run failed'
  const succeeded = last.outcome === 'discarded' && last.error === undefined
  return succeeded && type.kind === 'sideEffect' ? 'its result came when the run had failed' : undefined
}
