import { completeNode } from './completeNode.js'
import { emit, nodeState, type Run } from './run.js'
import type { PlannedNode } from './runPlan.js'

/** Gives a waiting node the oldest kept signal of its name. False where there is none. */
export const consumeKeptSignal = (run: Run, planned: PlannedNode): boolean => {
  const nodeId = planned.node.id
  const node = nodeState(run, nodeId)
  if (node?.status !== 'waiting' || node.wait?.kind !== 'signal') return false
  const { name } = node.wait
  const signal = run.state.signals.find((kept) => kept.name === name)
  if (signal === undefined) return false
  emit(run, { type: 'SignalConsumed', data: { signalId: signal.signalId, name, nodeId } })
  completeNode(run, planned, node.inputFrom, { output: signal.payload, ports: ['out'] })
  return true
}
