import type { NodeError } from '../events/catalogue/execution.js'
import type { ExecutionEvent } from '../events/catalogue/index.js'
import type { JsonValue } from '../json.js'
import { type AttemptRecord, type NodeState, recordOf } from './executionState.js'
import type { Occasion } from './occasion.js'
import { getIn } from './persistentMap.js'
import { neverBegan } from './retries.js'
import type { StateDraft } from './stateDraft.js'
import { valueFrom } from './valueFrom.js'

const nodeEventTypes = [
  'NodeScheduled',
  'NodeAttemptStarted',
  'NodeAttemptFailed',
  'NodeCompleted',
  'NodeSkipped',
  'NodeFailed',
  'NodeInDoubt',
  'NodeResolved',
  'NodeResultDiscarded',
] as const
type NodeEvent = Extract<ExecutionEvent, { type: (typeof nodeEventTypes)[number] }>
type NodeDraft = { -readonly [K in keyof NodeState]: NodeState[K] }

const known: ReadonlySet<string> = new Set(nodeEventTypes)
export const isNodeEvent = (event: ExecutionEvent): event is NodeEvent => known.has(event.type)

const none: readonly never[] = []

/** A node that nothing has happened to. All have every field, so that the engine knows one shape of them. */
export const newNode = (nodeId: string, key: string, nodeType: string, at: string): NodeDraft => ({
  nodeId,
  key,
  nodeType,
  status: 'pending',
  inputFrom: none,
  attempts: 0,
  tries: 0,
  crashes: 0,
  history: none,
  wait: undefined,
  leaseUntil: undefined,
  ports: none,
  output: undefined,
  error: undefined,
  handling: undefined,
  decisions: undefined,
  deadEdges: undefined,
  resolutions: undefined,
  startedAt: at,
  finishedAt: undefined,
})

const finishAttempt = (
  node: NodeDraft,
  attempt: number | undefined,
  at: string,
  outcome: NonNullable<AttemptRecord['outcome']>,
  rest?: Partial<AttemptRecord>,
): void => {
  if (attempt === undefined || node.history.length === 0) return
  node.history = node.history.map((record) =>
    record.attempt === attempt ? { ...record, finishedAt: at, outcome, ...rest } : record,
  )
}

/** It may be in doubt again, after a retry of the run: then how it ended is known, and why that does not count is told. */
const doubt = (node: NodeDraft, { attempt, reason }: { attempt: number; reason: string }, at: string): void => {
  if (recordOf(node, attempt)?.outcome === undefined) finishAttempt(node, attempt, at, 'inDoubt')
  node.history = node.history.map((record) => (record.attempt === attempt ? { ...record, inDoubtAs: reason } : record))
}

/** What a handled failure emits on the port `error` (execution.md). */
export const errorOutput = (
  { class: errorClass, code, message }: NodeError,
  attempt: number | undefined,
  nodeKey: string,
): JsonValue => ({ class: errorClass, code, message, attempt: attempt ?? 1, nodeKey })

const fail = (draft: StateDraft, node: NodeDraft, event: Extract<NodeEvent, { type: 'NodeFailed' }>, at: string) => {
  const { nodeId, inputFrom, attempt, error, handling } = event.data
  finishAttempt(node, attempt, at, 'failed', { error })
  node.inputFrom = inputFrom
  node.error = error
  node.handling = handling
  node.crashes = 0
  if (handling === 'hold') {
    node.status = 'held'
    return
  }
  node.status = 'failed'
  node.finishedAt = at
  if (handling === 'failRun') {
    draft.ending ??= { outcome: 'failed', since: at, nodeId, error }
    return
  }
  draft.decided += 1
  node.ports = [handling === 'continue' ? 'out' : 'error']
  node.output = handling === 'continue' ? null : errorOutput(error, attempt, node.key)
}

const apply = (draft: StateDraft, node: NodeDraft, event: NodeEvent, { at, actor }: Occasion): void => {
  switch (event.type) {
    case 'NodeScheduled': {
      const { inputFrom, wait, attempt } = event.data
      if (node.attempts === 0) node.startedAt = at
      node.inputFrom = inputFrom
      node.status = 'scheduled'
      if (wait === undefined) return
      node.status = 'waiting'
      node.wait = wait
      node.crashes = 0
      const number = attempt ?? node.attempts + 1
      // Where an attempt found out what it waits for, that has counted as the try.
      if (number === node.attempts) finishAttempt(node, number, at, 'completed')
      else node.tries += 1
      node.attempts = number
      return
    }
    case 'NodeAttemptStarted': {
      const { inputFrom, attempt, executor, leaseUntil } = event.data
      if (node.attempts === 0) node.startedAt = at
      node.status = 'running'
      node.inputFrom = inputFrom
      node.attempts = attempt
      node.tries += 1
      node.leaseUntil = leaseUntil
      node.history = [...node.history, { attempt, executor, startedAt: at }]
      return
    }
    case 'NodeAttemptFailed': {
      const { attempt, error, retryAt } = event.data
      finishAttempt(node, attempt, at, 'failed', retryAt === null ? { error } : { error, retryAt })
      node.status = 'retrying'
      if (neverBegan(error)) node.tries = Math.max(0, node.tries - 1)
      node.error = error
      node.crashes = 0
      return
    }
    case 'NodeCompleted': {
      const { inputFrom, attempt, output, ports, decisions } = event.data
      finishAttempt(node, attempt, at, 'completed')
      node.status = 'completed'
      node.inputFrom = inputFrom
      node.ports = ports
      node.output = output === undefined ? valueFrom(draft, inputFrom) : output
      node.decisions = decisions
      node.error = undefined
      node.handling = undefined
      node.crashes = 0
      node.finishedAt = at
      draft.decided += 1
      return
    }
    case 'NodeSkipped':
      node.status = 'skipped'
      node.deadEdges = event.data.deadEdges
      node.finishedAt = at
      draft.decided += 1
      return
    case 'NodeFailed':
      fail(draft, node, event, at)
      return
    case 'NodeInDoubt':
      doubt(node, event.data, at)
      node.status = event.data.handling === 'hold' ? 'inDoubt' : 'scheduled'
      node.crashes += 1
      // A crash says nothing about the node's own success, so it does not use up its tries.
      node.tries = Math.max(0, node.tries - 1)
      return
    case 'NodeResolved': {
      const { action, reason } = event.data
      node.resolutions = [...(node.resolutions ?? []), { action, reason, actor, at }]
      if (action !== 'retry') return
      node.status = 'pending'
      node.handling = undefined
      node.tries = 0
      node.crashes = 0
      return
    }
    case 'NodeResultDiscarded': {
      const { attempt, error } = event.data
      finishAttempt(node, attempt, at, 'discarded', error === undefined ? undefined : { error })
      const isOpen = node.status === 'running' || node.status === 'waiting' || node.status === 'inDoubt'
      if (isOpen && node.attempts === attempt) node.status = 'cancelled'
      return
    }
  }
}

/** Folds an event of a node. The node's earlier state may be shared with earlier states of the run: it is copied. */
export const evolveNode = (draft: StateDraft, event: NodeEvent, occasion: Occasion): void => {
  const { nodeId, key, nodeType } = event.data
  const before = getIn(draft.nodes, nodeId)
  const node = before === undefined ? newNode(nodeId, key, nodeType, occasion.at) : { ...before }
  apply(draft, node, event, occasion)
  draft.nodes.recent.set(nodeId, node)
}
