import type { NodeState, Resolution } from './executionState.js'

/** Why an operator decided so of a step, where it stands as it does because of that. */
export const decidedByOperator = (node: NodeState | undefined, action: Resolution['action']): string | undefined => {
  const last = node?.resolutions?.at(-1)
  return last?.action === action && last.at === node?.finishedAt ? last.reason : undefined
}
