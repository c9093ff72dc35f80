import type { EventData } from '../events/catalogue/index.js'
import type { PureOutcome } from '../nodes/behaviour.js'
import { jsonBytes } from './jsonSize.js'
import { runLimits } from './limits.js'
import { failNode, outputTooLarge } from './nodeFailures.js'
import { emit, nodeFields, type Run } from './run.js'
import type { PlannedNode } from './runPlan.js'

/** The node's success, or its failure where the output is too large for the log. */
export const completeNode = (
  run: Run,
  planned: PlannedNode,
  inputFrom: readonly string[],
  { output, ports, decisions }: PureOutcome,
  attempt?: number,
): void => {
  const { nodeId, key, nodeType } = nodeFields(planned)
  const data: EventData<'NodeCompleted'> = { nodeId, key, nodeType, inputFrom: [...inputFrom], ports: [...ports] }
  if (attempt !== undefined) data.attempt = attempt
  if (output !== undefined) data.output = output
  if (decisions !== undefined) data.decisions = [...decisions]
  const bytes = output === undefined && decisions === undefined ? 0 : jsonBytes(data, runLimits.event)
  if (bytes > runLimits.event) failNode(run, planned, inputFrom, outputTooLarge(runLimits.event), attempt)
  else emit(run, { type: 'NodeCompleted', data }, bytes)
}
