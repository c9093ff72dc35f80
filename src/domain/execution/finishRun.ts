import type { NodeError } from '../events/catalogue/execution.js'
import type { NodeState } from './executionState.js'
import { valuesOf } from './persistentMap.js'
import { emit, isFull, nodeState, type Run } from './run.js'
import { waitsForChildren } from './waitTimeout.js'

/** How long a run that is cancelled or timed out waits for its attempts to give in. */
export const endingGraceMs = 10_000

/** In flight: a run that is ending waits for it. */
export const blocksEnd = (node: NodeState): boolean => node.status === 'running' || waitsForChildren(node)

const unknownFailure: NodeError = { class: 'internal', code: 'failed', message: 'the run failed' }

const endNow = (run: Run): void => {
  const { ending } = run.state
  if (ending === undefined) return
  const reason = ending.reason === undefined ? undefined : { reason: ending.reason }
  if (ending.outcome === 'cancelled') {
    emit(run, { type: 'ExecutionCancelled', data: { ...reason } })
    return
  }
  const error = ending.error ?? unknownFailure
  if (ending.outcome === 'timedOut') emit(run, { type: 'ExecutionTimedOut', data: { error } })
  else
    emit(run, {
      type: 'ExecutionFailed',
      data: { error, ...(ending.nodeId === undefined ? undefined : { nodeId: ending.nodeId }) },
    })
}

/** Nodes without out-edges that ran: their output is the run's. */
const terminalNodes = (run: Run): string[] =>
  run.plan.nodes
    .filter(({ node, outEdges }) => {
      const state = nodeState(run, node.id)
      return outEdges.length === 0 && state !== undefined && state.ports.length > 0
    })
    .map(({ node }) => node.id)

/** Ends the run where all its nodes are decided, or where it is ending and nothing is in flight any more. */
export const finishRun = (run: Run): void => {
  const { state, plan, env } = run
  if (state.phase === 'queued') endNow(run)
  if (state.phase !== 'active') return
  if (state.ending !== undefined) {
    const graceIsOver =
      state.ending.outcome !== 'failed' && Date.parse(env.now) - Date.parse(state.ending.since) >= endingGraceMs
    for (const node of valuesOf(state.nodes)) if (blocksEnd(node) && !graceIsOver) return
    endNow(run)
  } else if (state.decided === plan.nodes.length && !state.paused && !isFull(run)) {
    emit(run, { type: 'ExecutionCompleted', data: { outputFrom: terminalNodes(run) } })
  }
}
