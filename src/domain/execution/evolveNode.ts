import type { NodeError } from '../events/catalogue/execution.js'
import type { ExecutionEvent } from '../events/catalogue/index.js'
import type { JsonValue } from '../json.js'
import type { AttemptRecord, ExecutionState, NodeState } from './executionState.js'
import type { Occasion } from './occasion.js'
import { getIn, setIn } from './persistentMap.js'
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

const known: ReadonlySet<string> = new Set(nodeEventTypes)
export const isNodeEvent = (event: ExecutionEvent): event is NodeEvent => known.has(event.type)

const fresh = ({ nodeId, key, nodeType }: NodeEvent['data'], at: string): NodeState => ({
  nodeId,
  key,
  nodeType,
  status: 'pending',
  inputFrom: [],
  attempts: 0,
  tries: 0,
  crashes: 0,
  history: [],
  ports: [],
  startedAt: at,
})

/** The record of an attempt, finished. */
const finish = (
  history: readonly AttemptRecord[],
  attempt: number | undefined,
  at: string,
  outcome: NonNullable<AttemptRecord['outcome']>,
  rest: Partial<AttemptRecord> = {},
): readonly AttemptRecord[] =>
  attempt === undefined || history.length === 0
    ? history
    : history.map((record) => (record.attempt === attempt ? { ...record, finishedAt: at, outcome, ...rest } : record))

/** What a handled failure emits on the port `error` (execution.md). */
export const errorOutput = (
  { class: errorClass, code, message }: NodeError,
  attempt: number | undefined,
  nodeKey: string,
): JsonValue => ({ class: errorClass, code, message, attempt: attempt ?? 1, nodeKey })

/** The node after the event, and whether it has thereby been decided. */
const next = (
  state: ExecutionState,
  node: NodeState,
  event: NodeEvent,
  { at, actor }: Occasion,
): { node: NodeState; decided: boolean } => {
  switch (event.type) {
    case 'NodeScheduled': {
      const { inputFrom, wait, attempt } = event.data
      const scheduled = { ...node, inputFrom, startedAt: node.attempts === 0 ? at : node.startedAt }
      if (wait === undefined) return { node: { ...scheduled, status: 'scheduled' }, decided: false }
      const attempts = attempt ?? node.attempts + 1
      return { node: { ...scheduled, status: 'waiting', wait, attempts, tries: node.tries + 1 }, decided: false }
    }
    case 'NodeAttemptStarted': {
      const { inputFrom, attempt, executor, leaseUntil } = event.data
      const history = [...node.history, { attempt, executor, startedAt: at }]
      const startedAt = node.attempts === 0 ? at : node.startedAt
      const counts = { attempts: attempt, tries: node.tries + 1, history, leaseUntil, startedAt }
      return { node: { ...node, status: 'running', inputFrom, ...counts }, decided: false }
    }
    case 'NodeAttemptFailed': {
      const { attempt, error, retryAt } = event.data
      const history = finish(node.history, attempt, at, 'failed', {
        error,
        ...(retryAt === null ? undefined : { retryAt }),
      })
      return { node: { ...node, status: 'retrying', error, crashes: 0, history }, decided: false }
    }
    case 'NodeCompleted': {
      const { inputFrom, attempt, output, ports, decisions } = event.data
      const { error: _, ...rest } = node
      const completed: NodeState = {
        ...rest,
        status: 'completed',
        inputFrom,
        ports,
        output: output === undefined ? valueFrom(state, inputFrom) : output,
        crashes: 0,
        history: finish(node.history, attempt, at, 'completed'),
        ...(decisions === undefined ? undefined : { decisions }),
        finishedAt: at,
      }
      return { node: completed, decided: true }
    }
    case 'NodeSkipped':
      return {
        node: { ...node, status: 'skipped', ports: [], deadEdges: event.data.deadEdges, finishedAt: at },
        decided: true,
      }
    case 'NodeFailed': {
      const { inputFrom, attempt, error, handling } = event.data
      const history = finish(node.history, attempt, at, 'failed', { error })
      const failed = { ...node, inputFrom, error, handling, history, crashes: 0 }
      if (handling === 'hold') return { node: { ...failed, status: 'held' }, decided: false }
      const finished = { ...failed, status: 'failed', finishedAt: at } as const
      if (handling === 'failRun') return { node: finished, decided: false }
      if (handling === 'continue') return { node: { ...finished, ports: ['out'], output: null }, decided: true }
      const output = errorOutput(error, attempt, node.key)
      return { node: { ...finished, ports: ['error'], output }, decided: true }
    }
    case 'NodeInDoubt': {
      const { attempt, handling } = event.data
      const history = finish(node.history, attempt, at, 'inDoubt')
      const status = handling === 'hold' ? 'inDoubt' : 'scheduled'
      // A crash says nothing about the node's own success, so it does not use up its tries.
      return {
        node: { ...node, status, crashes: node.crashes + 1, tries: Math.max(0, node.tries - 1), history },
        decided: false,
      }
    }
    case 'NodeResolved': {
      const { action, reason } = event.data
      const resolutions = [...(node.resolutions ?? []), { action, reason, actor, at }]
      const status = action === 'retry' ? 'pending' : node.status
      return {
        node: { ...node, status, resolutions, ...(action === 'retry' ? { tries: 0, crashes: 0 } : undefined) },
        decided: false,
      }
    }
    case 'NodeResultDiscarded': {
      const { attempt, error } = event.data
      const history = finish(node.history, attempt, at, 'discarded', error === undefined ? {} : { error })
      const isOpen = node.status === 'running' || node.status === 'waiting' || node.status === 'inDoubt'
      const isCurrent = isOpen && node.attempts === attempt
      return {
        node: { ...node, ...(isCurrent ? { status: 'cancelled' as const } : undefined), history },
        decided: false,
      }
    }
  }
}

export const evolveNode = (state: ExecutionState, event: NodeEvent, occasion: Occasion): ExecutionState => {
  const { nodeId } = event.data
  const before = getIn(state.nodes, nodeId) ?? fresh(event.data, occasion.at)
  const { node, decided } = next(state, before, event, occasion)
  const nodes = setIn(state.nodes, nodeId, node)
  if (event.type === 'NodeFailed' && event.data.handling === 'failRun' && state.ending === undefined) {
    const ending = { outcome: 'failed', since: occasion.at, nodeId, error: event.data.error } as const
    return { ...state, nodes, ending }
  }
  return { ...state, nodes, decided: state.decided + (decided ? 1 : 0) }
}
