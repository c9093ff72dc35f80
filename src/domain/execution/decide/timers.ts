import { advanceFrom } from '../advance.js'
import { completeNode } from '../completeNode.js'
import type { ExecutionState, TimerState } from '../executionState.js'
import { finishRun } from '../finishRun.js'
import { openAttempt } from '../openAttempt.js'
import { openWait } from '../openWait.js'
import { getIn } from '../persistentMap.js'
import { beginRun, decisionOf, emit, nodeState, type Run, type RunDecision, type RunEnvironment } from '../run.js'
import { plannedNode, type RunPlan } from '../runPlan.js'
import { timerId } from '../timerIds.js'
import { timeOutWait, waitsForChildren } from '../waitTimeout.js'

/** What the timer means for its node. A timer of an earlier wait or retry means nothing any more. */
const applyToNode = (run: Run, timer: TimerState, nodeId: string): void => {
  const planned = plannedNode(run.plan, nodeId)
  const node = nodeState(run, nodeId)
  if (node === undefined || timer.kind === 'runTimeout') return
  if (timer.timerId !== timerId(timer.kind, nodeId, node.attempts)) return
  if (timer.kind === 'retry') {
    if (node.status !== 'retrying') return
    if (planned.mode === 'wait') openWait(run, planned, node.inputFrom)
    else openAttempt(run, planned, node.inputFrom)
  } else if (node.status === 'waiting') {
    if (timer.kind === 'delay') completeNode(run, planned, node.inputFrom, { ports: ['out'] })
    // Child runs are cancelled first: then their end comes, and is taken for what it is.
    else if (!waitsForChildren(node)) timeOutWait(run, planned, node, timer.kind)
  }
  advanceFrom(run, [nodeId])
}

/** Fires what is due. While the run is paused, or ending, timers count but their effect waits. */
export const decideTimers = (
  state: ExecutionState,
  plan: RunPlan,
  env: RunEnvironment,
  timerIds: readonly string[],
): RunDecision => {
  const run = beginRun(state, plan, env)
  for (const id of timerIds) {
    const { phase, paused, ending } = run.state
    if (phase !== 'active' || paused || ending !== undefined) break
    const timer = getIn(run.state.timers, id)
    if (timer === undefined || timer.fired || timer.dueAt > env.now) continue
    const { kind, nodeId } = timer
    emit(run, { type: 'TimerFired', data: { timerId: id, kind, ...(nodeId === undefined ? undefined : { nodeId }) } })
    if (nodeId === undefined) finishRun(run)
    else applyToNode(run, timer, nodeId)
  }
  return decisionOf(run)
}
