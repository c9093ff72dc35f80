import type { JsonObject, JsonValue } from '../json.js'
import type { ExecutionState } from './executionState.js'
import { getIn } from './persistentMap.js'

/** The output of the one node named, or an object of several outputs by their keys. Values are shared, not copied. */
export const valueFrom = (state: Pick<ExecutionState, 'nodes'>, nodeIds: readonly string[]): JsonValue => {
  const [only] = nodeIds
  if (only === undefined) return null
  if (nodeIds.length === 1) return getIn(state.nodes, only)?.output ?? null
  const value: JsonObject = {}
  for (const nodeId of nodeIds) {
    const node = getIn(state.nodes, nodeId)
    if (node !== undefined) value[node.key] = node.output ?? null
  }
  return value
}
