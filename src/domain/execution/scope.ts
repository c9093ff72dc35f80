import type { Scope } from '../expressions/expressionEngine.js'
import type { JsonValue } from '../json.js'
import type { ExecutionState } from './executionState.js'
import { getIn } from './persistentMap.js'
import type { PlannedNode } from './runPlan.js'
import { valueFrom } from './valueFrom.js'

/** What the node's expressions see (execution.md). A node that was skipped, or has not been decided, is absent. */
export const scopeOf = (state: ExecutionState, planned: PlannedNode, inputFrom: readonly string[]): Scope => {
  const nodes: { [key: string]: { readonly output: JsonValue } } = {}
  for (const { key, nodeId } of planned.reads) {
    const read = getIn(state.nodes, nodeId)
    if (read?.output !== undefined && read.ports.length > 0) nodes[key] = { output: read.output }
  }
  return {
    input: valueFrom(state, inputFrom),
    trigger: state.input,
    nodes,
    execution: { id: state.executionId, startedAt: state.startedAt, version: state.version },
  }
}
