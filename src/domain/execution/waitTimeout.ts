import type { NodeError } from '../events/catalogue/execution.js'
import { completeNode } from './completeNode.js'
import type { ExecutionState, NodeState, TimerState } from './executionState.js'
import { failNode } from './nodeFailures.js'
import { getIn } from './persistentMap.js'
import type { Run } from './run.js'
import type { PlannedNode } from './runPlan.js'
import { timerId } from './timerIds.js'

const errorOf = (kind: TimerState['kind']): NodeError =>
  kind === 'signalTimeout'
    ? { class: 'timeout', code: 'signal_timeout', message: 'the signal did not come in time' }
    : { class: 'timeout', code: 'node_timeout', message: 'the node waited longer than its policy allows' }

/** The node's wait is over without what it waited for: by the port `timeout` where that is connected, else it failed. */
export const timeOutWait = (run: Run, planned: PlannedNode, node: NodeState, kind: TimerState['kind']): void => {
  const { inputFrom, attempts } = node
  if (planned.connected.has('timeout')) completeNode(run, planned, inputFrom, { output: null, ports: ['timeout'] })
  else failNode(run, planned, inputFrom, errorOf(kind), attempts)
}

export const waitsForChildren = ({ status, wait }: NodeState): boolean =>
  status === 'waiting' && (wait?.kind === 'subworkflow' || wait?.kind === 'map')

/** Whether the node still waits for its child runs only until they are cancelled: its own time is over. */
export const hasTimedOut = ({ timers }: Pick<ExecutionState, 'timers'>, node: NodeState): boolean =>
  waitsForChildren(node) && getIn(timers, timerId('nodeTimeout', node.nodeId, node.attempts))?.fired === true
