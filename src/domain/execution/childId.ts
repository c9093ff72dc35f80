import { v5 as uuidv5 } from 'uuid'
import type { NodeState } from './executionState.js'

/** Of the run for one item of a wait. Derived from what it is for, so that starting a child again finds it. */
export const childIdOf = (
  parentId: string,
  { nodeId, attempts }: Pick<NodeState, 'nodeId' | 'attempts'>,
  iteration: number,
): string => uuidv5(`${nodeId}:${attempts}:${iteration}`, parentId)
