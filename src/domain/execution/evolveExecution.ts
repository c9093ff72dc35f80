import type { ExecutionEvent } from '../events/catalogue/index.js'
import type { RecordedEvent } from '../events/recordedEvent.js'
import type { JsonValue } from '../json.js'
import { evolveNode, isNodeEvent } from './evolveNode.js'
import type { ExecutionOutcome, ExecutionState, NodeState, TimerState } from './executionState.js'
import { absentExecution } from './executionState.js'
import type { Occasion } from './occasion.js'
import { emptyMap, getIn, setIn, valuesOf } from './persistentMap.js'
import { valueFrom } from './valueFrom.js'

const isOpen = ({ status }: NodeState): boolean =>
  status !== 'completed' && status !== 'skipped' && status !== 'failed' && status !== 'pending'

/** What was open when the run ended is cancelled. */
const closeNodes = (state: ExecutionState): ExecutionState['nodes'] => {
  let nodes = state.nodes
  for (const node of valuesOf(state.nodes)) {
    if (isOpen(node)) nodes = setIn(nodes, node.nodeId, { ...node, status: 'cancelled' })
  }
  return nodes
}

const end = (
  state: ExecutionState,
  outcome: ExecutionOutcome,
  { at }: Occasion,
  rest: Partial<ExecutionState> = {},
): ExecutionState => ({
  ...state,
  phase: 'ended',
  outcome,
  paused: false,
  nodes: outcome === 'completed' ? state.nodes : closeNodes(state),
  finishedAt: at,
  ...rest,
})

const started = ({ data }: Extract<ExecutionEvent, { type: 'ExecutionStarted' }>, { at }: Occasion): ExecutionState => {
  const { trigger, queued, input, ...pinned } = data
  const node: NodeState = {
    nodeId: trigger.nodeId,
    key: trigger.key,
    nodeType: trigger.type,
    status: 'completed',
    inputFrom: [],
    attempts: 0,
    tries: 0,
    crashes: 0,
    history: [],
    ports: ['out'],
    output: input,
    startedAt: at,
    finishedAt: at,
  }
  const { executionId, workflowId, version, versionId, contentHash, parent, origin } = pinned
  return {
    ...absentExecution,
    phase: queued ? 'queued' : 'active',
    executionId,
    workflowId,
    version,
    versionId,
    contentHash,
    trigger,
    input,
    ...(parent === undefined ? undefined : { parent }),
    ...(origin === undefined ? undefined : { origin }),
    nodes: setIn<NodeState>(emptyMap, trigger.nodeId, node),
    decided: 1,
    startedAt: at,
  }
}

/** Failed nodes and what the end of the run had cut off are undecided again. */
const reopen = (state: ExecutionState, retried: readonly string[]): ExecutionState => {
  let nodes = state.nodes
  for (const nodeId of retried) {
    const node = getIn(nodes, nodeId)
    if (node !== undefined)
      nodes = setIn(nodes, nodeId, { ...node, status: 'pending', ports: [], tries: 0, crashes: 0 })
  }
  const { outcome: _outcome, ending: _ending, error: _error, finishedAt: _finishedAt, ...rest } = state
  return { ...rest, phase: 'active', nodes }
}

const outputOf = (state: ExecutionState, outputFrom: readonly string[]): JsonValue =>
  outputFrom.length === 0 ? null : valueFrom(state, outputFrom)

/** The state after one more event. Pure and total; needs nothing but the events. */
export const applyEvent = (state: ExecutionState, event: ExecutionEvent, occasion: Occasion): ExecutionState => {
  if (isNodeEvent(event)) return evolveNode(state, event, occasion)
  switch (event.type) {
    case 'ExecutionStarted':
      return started(event, occasion)
    case 'TimerScheduled': {
      const timer: TimerState = { ...event.data, fired: false }
      return { ...state, timers: setIn(state.timers, timer.timerId, timer) }
    }
    case 'TimerFired': {
      const timer = getIn(state.timers, event.data.timerId)
      if (timer === undefined) return state
      const timers = setIn(state.timers, timer.timerId, { ...timer, fired: true })
      if (timer.kind !== 'runTimeout') return { ...state, timers }
      const error = { class: 'timeout', code: 'run_timeout', message: 'the run took longer than its workflow allows' }
      return { ...state, timers, ending: { outcome: 'timedOut', since: occasion.at, error } }
    }
    case 'SignalReceived': {
      const { signalId, name, payload, dedupeId } = event.data
      return {
        ...state,
        signals: [...state.signals, { signalId, name, payload }],
        dedupeIds: dedupeId === null ? state.dedupeIds : setIn(state.dedupeIds, dedupeId, true as const),
      }
    }
    case 'SignalConsumed':
      return { ...state, signals: state.signals.filter(({ signalId }) => signalId !== event.data.signalId) }
    case 'ExecutionPaused':
      return { ...state, paused: true }
    case 'ExecutionResumed':
      if (event.data.from === 'failed') return reopen(state, event.data.retriedNodeIds ?? [])
      return event.data.from === 'queued' ? { ...state, phase: 'active' } : { ...state, paused: false }
    case 'ExecutionCancelRequested': {
      const { reason } = event.data
      const ending = {
        outcome: 'cancelled',
        since: occasion.at,
        ...(reason === undefined ? undefined : { reason }),
      } as const
      return { ...state, ending }
    }
    case 'ExecutionCancelled':
      return end(state, 'cancelled', occasion)
    case 'ExecutionCompleted': {
      const { outputFrom } = event.data
      return end(state, 'completed', occasion, { output: outputOf(state, outputFrom), outputFrom })
    }
    case 'ExecutionFailed':
      return end(state, 'failed', occasion, { error: event.data.error })
    case 'ExecutionTimedOut':
      return end(state, 'timedOut', occasion, { error: event.data.error })
  }
}

const occasionOf = ({ metadata }: RecordedEvent<ExecutionEvent>): Occasion => ({
  at: metadata.occurredAt,
  actor: metadata.actor,
})

/** Folds recorded events; the same as applying one after the other. */
export const evolveAllExecution = (
  state: ExecutionState,
  events: readonly RecordedEvent<ExecutionEvent>[],
): ExecutionState => {
  const last = events.at(-1)
  if (last === undefined) return state
  let next = state
  for (const event of events) next = applyEvent(next, event, occasionOf(event))
  return { ...next, correlationId: next.correlationId || last.metadata.$correlationId, lastEventId: last.id }
}

export const evolveExecution = (state: ExecutionState, event: RecordedEvent<ExecutionEvent>): ExecutionState =>
  evolveAllExecution(state, [event])
