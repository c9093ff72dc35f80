import type { ExecutionEvent } from '../events/catalogue/index.js'
import type { RecordedEvent } from '../events/recordedEvent.js'
import { evolveNode, isNodeEvent, newNode } from './evolveNode.js'
import type { ExecutionOutcome, ExecutionState, NodeState } from './executionState.js'
import type { Occasion } from './occasion.js'
import { getIn, valuesOf } from './persistentMap.js'
import { draftOf, type StateDraft, stateOf } from './stateDraft.js'
import { valueFrom } from './valueFrom.js'

const isOpen = ({ status }: NodeState): boolean =>
  status !== 'completed' && status !== 'skipped' && status !== 'failed' && status !== 'pending'

const end = (draft: StateDraft, outcome: ExecutionOutcome, { at }: Occasion): void => {
  draft.phase = 'ended'
  draft.outcome = outcome
  draft.paused = false
  draft.finishedAt = at
  if (outcome === 'completed') return
  // What was open is cancelled with the run.
  for (const node of [...valuesOf(draft.nodes)]) {
    if (isOpen(node)) draft.nodes.recent.set(node.nodeId, { ...node, status: 'cancelled' })
  }
}

type Started = Extract<ExecutionEvent, { type: 'ExecutionStarted' }>

const start = (draft: StateDraft, { data }: Started, { at }: Occasion): void => {
  const { trigger, queued, input, parent, origin } = data
  draft.phase = queued ? 'queued' : 'active'
  draft.executionId = data.executionId
  draft.workflowId = data.workflowId
  draft.version = data.version
  draft.versionId = data.versionId
  draft.contentHash = data.contentHash
  draft.trigger = trigger
  draft.input = input
  draft.startedAt = at
  draft.parent = parent
  draft.origin = origin
  draft.subworkflows = data.subworkflows
  const node = newNode(trigger.nodeId, trigger.key, trigger.type, at)
  node.status = 'completed'
  node.ports = ['out']
  node.output = input
  node.finishedAt = at
  draft.nodes.recent.set(trigger.nodeId, node)
  draft.decided = 1
}

/** Failed nodes and what the end of the run had cut off are undecided again. */
const reopen = (draft: StateDraft, retried: readonly string[]): void => {
  for (const nodeId of retried) {
    const node = getIn(draft.nodes, nodeId)
    if (node === undefined) continue
    draft.nodes.recent.set(nodeId, {
      ...node,
      status: 'pending',
      ports: [],
      tries: 0,
      crashes: 0,
      error: undefined,
      handling: undefined,
      finishedAt: undefined,
    })
  }
  draft.phase = 'active'
  draft.outcome = undefined
  draft.ending = undefined
  draft.error = undefined
  draft.finishedAt = undefined
}

/** Folds one more event into a draft. Total; needs nothing but the events. */
export const applyTo = (draft: StateDraft, event: ExecutionEvent, occasion: Occasion): void => {
  if (isNodeEvent(event)) {
    evolveNode(draft, event, occasion)
    return
  }
  switch (event.type) {
    case 'ExecutionStarted':
      start(draft, event, occasion)
      return
    case 'TimerScheduled':
      draft.timers.recent.set(event.data.timerId, { ...event.data, fired: false })
      return
    case 'TimerFired': {
      const timer = getIn(draft.timers, event.data.timerId)
      if (timer === undefined) return
      draft.timers.recent.set(timer.timerId, { ...timer, fired: true })
      if (timer.kind !== 'runTimeout') return
      const error = { class: 'timeout', code: 'run_timeout', message: 'the run took longer than its workflow allows' }
      draft.ending = { outcome: 'timedOut', since: occasion.at, error }
      return
    }
    case 'SignalReceived': {
      const { signalId, name, payload, dedupeId } = event.data
      draft.signals = [...draft.signals, { signalId, name, payload }]
      if (dedupeId !== null) draft.dedupeIds.recent.set(dedupeId, true)
      return
    }
    case 'SignalConsumed':
      draft.signals = draft.signals.filter(({ signalId }) => signalId !== event.data.signalId)
      return
    case 'ExecutionPaused':
      draft.paused = true
      return
    case 'ExecutionResumed':
      if (event.data.from === 'failed') reopen(draft, event.data.retriedNodeIds ?? [])
      else if (event.data.from === 'queued') draft.phase = 'active'
      else draft.paused = false
      return
    case 'ExecutionCancelRequested':
      draft.ending = { outcome: 'cancelled', since: occasion.at, reason: event.data.reason }
      return
    case 'ExecutionCancelled':
      end(draft, 'cancelled', occasion)
      return
    case 'ExecutionCompleted': {
      const { outputFrom } = event.data
      draft.output = valueFrom(draft, outputFrom)
      draft.outputFrom = outputFrom
      end(draft, 'completed', occasion)
      return
    }
    case 'ExecutionFailed':
      draft.error = event.data.error
      end(draft, 'failed', occasion)
      return
    case 'ExecutionTimedOut':
      draft.error = event.data.error
      end(draft, 'timedOut', occasion)
      return
  }
}

/** Folds recorded events. The state given is left as it is. */
export const evolveAllExecution = (
  state: ExecutionState,
  events: readonly RecordedEvent<ExecutionEvent>[],
): ExecutionState => {
  const [first] = events
  const last = events.at(-1)
  if (first === undefined || last === undefined) return state
  const draft = draftOf(state)
  for (const event of events) applyTo(draft, event, { at: event.metadata.occurredAt, actor: event.metadata.actor })
  if (draft.correlationId === '') {
    draft.correlationId = first.metadata.$correlationId
    draft.traceparent = first.metadata.traceparent
  }
  draft.lastEventId = last.id
  return stateOf(draft)
}

export const evolveExecution = (state: ExecutionState, event: RecordedEvent<ExecutionEvent>): ExecutionState =>
  evolveAllExecution(state, [event])
