import type { JsonValue } from '../../json.js'
import { advanceFrom } from '../advance.js'
import type { ExecutionState } from '../executionState.js'
import { jsonBytes } from '../jsonSize.js'
import { consumeKeptSignal } from '../keptSignals.js'
import { runLimits } from '../limits.js'
import { getIn, valuesOf } from '../persistentMap.js'
import { beginRun, decisionOf, emit, mayAdvance, nothingToDo, type RunDecision, type RunEnvironment } from '../run.js'
import { plannedNode, type RunPlan } from '../runPlan.js'
import { checkSignalName } from '../signalName.js'
import { refuseEndedOrEnding } from './controls.js'

export interface IncomingSignal {
  readonly signalId: string
  readonly name: string
  readonly payload: JsonValue
  readonly dedupeId: string | null
}

/** Keeps the signal, and gives it to the node that has waited for its name the longest, if there is one. Throws `invalid_signal_name`. */
export const decideSignal = (
  state: ExecutionState,
  plan: RunPlan,
  env: RunEnvironment,
  signal: IncomingSignal,
): RunDecision => {
  checkSignalName(signal.name)
  if (signal.dedupeId !== null && getIn(state.dedupeIds, signal.dedupeId)) return nothingToDo
  refuseEndedOrEnding(state)
  const run = beginRun(state, plan, env)
  emit(run, { type: 'SignalReceived', data: { ...signal } }, jsonBytes(signal.payload, runLimits.event))
  if (!mayAdvance(run.state)) return decisionOf(run)
  const waiting = [...valuesOf(run.state.nodes)]
    .filter(({ status, wait }) => status === 'waiting' && wait?.kind === 'signal' && wait.name === signal.name)
    .sort((a, b) => (a.startedAt < b.startedAt ? -1 : a.startedAt > b.startedAt ? 1 : 0))
  const [first] = waiting
  if (first !== undefined && consumeKeptSignal(run, plannedNode(plan, first.nodeId))) advanceFrom(run, [first.nodeId])
  return decisionOf(run)
}
