import { type ExecutionState, type NodeState, recordOf } from './executionState.js'
import { howItEnded } from './howItEnded.js'
import { getIn } from './persistentMap.js'
import type { RunPlan } from './runPlan.js'
import { whatItWaitsFor } from './tellWait.js'
import { timerId } from './timerIds.js'

/** What the last attempt came to, where the end of the run found it open. */
const attemptAtEnd = (node: NodeState): readonly [was: string, then?: string] | undefined => {
  const record = recordOf(node, node.attempts)
  const attempt = `attempt ${node.attempts}`
  switch (record?.outcome) {
    case undefined:
      return record === undefined ? undefined : [`${attempt} was in flight`, 'how it went is not known']
    case 'inDoubt':
      return [`nobody knew whether ${attempt} took effect`]
    case 'discarded':
      return record.error === undefined
        ? [`${attempt} was in flight`, 'it succeeded, too late to count']
        : [`${attempt} was in flight`, `it ended with ${record.error.code}: ${record.error.message}`]
    default:
      return undefined
  }
}

const openAs = (state: ExecutionState, node: NodeState): readonly [was: string, then?: string] => {
  const attempt = attemptAtEnd(node)
  if (attempt !== undefined) return attempt
  const retry = getIn(state.timers, timerId('retry', node.nodeId, node.attempts))
  if (retry?.fired === false) return [`it was to be tried again at ${retry.dueAt}`]
  if (node.handling === 'hold') return ['it was held for an operator']
  if (node.wait === undefined) return ['it was ready for an executor']
  const waited = node.wait.kind === 'timer' ? 'was to wait' : 'waited'
  return [`it ${waited} ${whatItWaitsFor(state, node)}`]
}

/** What the end of the run cut off, and why the run ended. */
export const cutOffByEnd = (state: ExecutionState, plan: RunPlan, node: NodeState): string => {
  const [was, then] = openAs(state, node)
  return `${was} when the run ${howItEnded(state, plan)}${then === undefined ? '' : `; ${then}`}`
}
