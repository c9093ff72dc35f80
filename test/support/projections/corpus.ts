import fc from 'fast-check'
import { v7 as uuidv7 } from 'uuid'
import type { DomainEvent } from '../../../src/domain/events/catalogue/index.js'
import { streamName } from '../../../src/domain/streams.js'
import type { EventStore } from '../../../src/eventlog/eventStore.js'
import { envelope, pureRun, type StreamEvents, workflowStory } from './events.js'

const error = { class: 'http', code: 'http_status', message: 'answered 500 \u0000 "quoted" \\' }

/** A run with an attempt that fails, a retry, a wait for a signal, a held step and an end. */
export const eventfulRun = (
  workflowId: string,
  ending: 'completed' | 'cancelled' | 'failed' | 'open',
): StreamEvents => {
  const executionId = uuidv7()
  const trigger = { nodeId: uuidv7(), key: 'start', type: 'trigger.manual' }
  const call = { nodeId: uuidv7(), key: 'call', nodeType: 'http.request' }
  const approve = { nodeId: uuidv7(), key: 'approve', nodeType: 'signal' }
  const child = { nodeId: uuidv7(), key: 'child', nodeType: 'subworkflow' }
  const held = { nodeId: uuidv7().toUpperCase(), key: 'held', nodeType: 'http.request' }
  const inputFrom = [trigger.nodeId]
  const attempt = (number: number): DomainEvent => ({
    type: 'NodeAttemptStarted',
    data: {
      ...call,
      inputFrom,
      attempt: number,
      executor: 'e1',
      leaseUntil: '2026-01-01T00:01:00.000Z',
      idempotencyKey: 'k',
    },
  })
  const timer = { timerId: `retry ${call.nodeId}`, kind: 'retry' as const, nodeId: call.nodeId }
  const begin: DomainEvent[] = [
    {
      type: 'ExecutionStarted',
      data: {
        executionId,
        workflowId,
        version: 2,
        versionId: uuidv7(),
        contentHash: 'd'.repeat(64),
        trigger,
        input: null,
        queued: true,
      },
    },
    { type: 'ExecutionResumed', data: { from: 'queued' } },
    { type: 'NodeScheduled', data: { ...call, inputFrom } },
    attempt(1),
    { type: 'NodeScheduled', data: { ...approve, inputFrom, attempt: 1, wait: { kind: 'signal', name: 'ok' } } },
    { type: 'NodeAttemptFailed', data: { ...call, attempt: 1, error, retryAt: '2026-01-01T00:00:05.000Z' } },
    { type: 'TimerScheduled', data: { ...timer, dueAt: '2026-01-01T00:00:05.000Z' } },
    {
      type: 'NodeScheduled',
      data: { ...child, inputFrom, attempt: 1, wait: { kind: 'subworkflow', workflowId, input: [1] } },
    },
    { type: 'SignalReceived', data: { signalId: 's1', name: 'ok', payload: { by: 'me' }, dedupeId: null } },
    { type: 'SignalConsumed', data: { signalId: 's1', name: 'ok', nodeId: approve.nodeId } },
    { type: 'NodeCompleted', data: { ...approve, inputFrom, attempt: 1, output: null, ports: ['out'] } },
    { type: 'TimerFired', data: timer },
    attempt(2),
    { type: 'NodeCompleted', data: { ...call, inputFrom, attempt: 2, output: { text: 'a\u0000b' }, ports: ['out'] } },
    { type: 'NodeFailed', data: { ...held, inputFrom, error, handling: 'hold' } },
  ]
  const end: Record<typeof ending, DomainEvent[]> = {
    open: [],
    completed: [
      { type: 'NodeResolved', data: { ...held, action: 'complete', output: 7, reason: 'by hand' } },
      { type: 'NodeCompleted', data: { ...held, inputFrom, ports: ['out'] } },
      { type: 'NodeSkipped', data: { ...child, deadEdges: [] } },
      { type: 'ExecutionCompleted', data: { outputFrom: [held.nodeId] } },
    ],
    cancelled: [
      { type: 'ExecutionCancelRequested', data: {} },
      { type: 'ExecutionCancelled', data: {} },
    ],
    failed: [
      { type: 'ExecutionFailed', data: { nodeId: held.nodeId, error } },
      { type: 'ExecutionResumed', data: { from: 'failed', retriedNodeIds: [held.nodeId, child.nodeId] } },
      { type: 'ExecutionPaused', data: {} },
    ],
  }
  return [streamName('execution', executionId), [...begin, ...end[ending]]]
}

/** A workflow that is edited, shrinks, is archived and restored, unpublished, and has secrets and a key beside it. */
export const busyWorkflow = (): StreamEvents[] => {
  const { workflowId, events } = workflowStory()
  const [stream, story] = events
  const added = story.find(({ type }) => type === 'NodeAdded') as { data: { node: { id: string } } }
  const edge = story.find(({ type }) => type === 'EdgeAdded') as { data: { edge: { id: string } } }
  const secret = (version: number): DomainEvent => ({
    type: 'SecretSet',
    data: {
      secretId: uuidv7(),
      workflowId,
      key: 'TOKEN',
      version,
      dataKeyId: 'k1',
      iv: 'aXY=',
      tag: 'dGFn',
      ciphertext: 'Y3Q=',
    },
  })
  const keyId = uuidv7()
  return [
    [
      stream,
      [
        ...story,
        { type: 'EdgeRemoved', data: { edgeId: edge.data.edge.id } },
        { type: 'NodeRemoved', data: { nodeId: added.data.node.id } },
        { type: 'WorkflowRenamed', data: { name: 'Bestellungen \u0000 für "alle"' } },
        { type: 'WorkflowUnpublished', data: { number: 2 } },
        { type: 'WorkflowArchived', data: {} },
        { type: 'WorkflowRestored', data: {} },
      ],
    ],
    [
      streamName('secrets', workflowId),
      [secret(1), secret(2), { type: 'SecretDeleted', data: { workflowId, key: 'TOKEN' } }, secret(3)],
    ],
    [
      streamName('apikey', keyId),
      [
        {
          type: 'ApiKeyIssued',
          data: { keyId, name: 'ci', scopes: ['audit:read'], hash: 'a'.repeat(64), expiresAt: '2030-01-01' },
        },
        { type: 'ApiKeyRevoked', data: { keyId } },
      ],
    ],
  ]
}

export const someStreams = (): StreamEvents[] => {
  const workflowId = uuidv7()
  return [
    ...busyWorkflow(),
    pureRun(workflowId, 3),
    ...(['completed', 'cancelled', 'failed', 'open'] as const).map((ending) => eventfulRun(workflowId, ending)),
  ]
}

/** Appends the streams one event at a time, in an order that `picks` decides. */
export const appendInterleaved = async (
  store: EventStore,
  streams: readonly StreamEvents[],
  picks: readonly number[],
): Promise<void> => {
  const left = streams.map(([stream, events]) => ({ stream, events: [...events], revision: -1 }))
  for (let turn = 0; left.length > 0; turn += 1) {
    const at = (picks[turn % Math.max(1, picks.length)] ?? 0) % left.length
    const next = left[at]
    const event = next?.events.shift()
    if (next === undefined || event === undefined) {
      left.splice(at, 1)
      continue
    }
    const { revision } = await store.append(
      next.stream,
      [envelope(event)],
      next.revision === -1 ? 'none' : next.revision,
    )
    next.revision = revision
  }
}

export const picksArbitrary = fc.array(fc.nat({ max: 1_000 }), { minLength: 1, maxLength: 60 })
