import { v7 as uuidv7 } from 'uuid'
import type { DomainEvent } from '../../../src/domain/events/catalogue/index.js'
import { schemaVersionOf } from '../../../src/domain/events/decodeEvent.js'
import type { JsonValue } from '../../../src/domain/json.js'
import { streamName } from '../../../src/domain/streams.js'
import type { Appended, EventStore, EventToAppend } from '../../../src/eventlog/eventStore.js'

let clock = Date.parse('2026-01-01T00:00:00.000Z')

/** Envelopes as the command handler writes them; the hashes are placeholders, projections do not look at them. */
export const envelope = (event: DomainEvent, occurredAt = new Date(clock++).toISOString()): EventToAppend => ({
  id: uuidv7(),
  type: event.type,
  data: event.data,
  metadata: {
    $correlationId: uuidv7(),
    $causationId: uuidv7(),
    commandId: uuidv7(),
    schemaVersion: schemaVersionOf(event.type),
    actor: { kind: 'system', id: 'test', name: 'test' },
    occurredAt,
    prevHash: '0'.repeat(64),
    hash: 'f'.repeat(64),
  },
})

export type StreamEvents = readonly [stream: string, events: readonly DomainEvent[]]

const node = (key: string) => ({ nodeId: uuidv7(), key, nodeType: 'transform' })

/** A run of `steps` pure nodes: started, each completed, completed. */
export const pureRun = (
  workflowId: string,
  steps = 5,
  output: JsonValue = { total: 3, text: 'it\'s "so"\\' },
): StreamEvents => {
  const executionId = uuidv7()
  const trigger = { nodeId: uuidv7(), key: 'start', type: 'trigger.manual' }
  const nodes = Array.from({ length: steps }, (_, index) => node(`step_${index}`))
  return [
    streamName('execution', executionId),
    [
      {
        type: 'ExecutionStarted',
        data: {
          executionId,
          workflowId,
          version: 1,
          versionId: uuidv7(),
          contentHash: 'c'.repeat(64),
          trigger,
          input: { price: 1 },
          queued: false,
        },
      },
      ...nodes.map(
        (each, index): DomainEvent => ({
          type: 'NodeCompleted',
          data: { ...each, inputFrom: [nodes[index - 1]?.nodeId ?? trigger.nodeId], output, ports: ['out'] },
        }),
      ),
      { type: 'ExecutionCompleted', data: { outputFrom: [nodes.at(-1)?.nodeId ?? trigger.nodeId] } },
    ],
  ]
}

/** A workflow with nodes, edges and two versions, the first of them published and then the second. */
export const workflowStory = (): { workflowId: string; events: StreamEvents } => {
  const workflowId = uuidv7()
  const [a, b] = ['a', 'b'].map((key) => ({
    id: uuidv7(),
    key,
    type: 'noop',
    config: { text: `{{ secrets.TOKEN }} ${key}` },
    position: { x: 1, y: 2 },
    policy: {},
  }))
  if (a === undefined || b === undefined) throw new Error('two nodes')
  const edge = { id: uuidv7(), sourceNodeId: a.id, sourcePort: 'out', targetNodeId: b.id }
  const version = (number: number): DomainEvent => ({
    type: 'VersionSaved',
    data: {
      versionId: uuidv7(),
      number,
      label: null,
      snapshot: { nodes: [a, b], edges: [edge], settings: {} },
      contentHash: String(number).repeat(64),
      findings: [],
      name: 'Orders',
      description: '',
      publishedVersion: null,
      createdAt: '2026-01-01T00:00:00.000Z',
    },
  })
  const first = version(1)
  const second = version(2)
  const published = (saved: DomainEvent, number: number): DomainEvent => ({
    type: 'VersionPublished',
    data: {
      versionId: (saved.data as { versionId: string }).versionId,
      number,
      contentHash: String(number).repeat(64),
    },
  })
  return {
    workflowId,
    events: [
      streamName('workflow', workflowId),
      [
        { type: 'WorkflowCreated', data: { workflowId, name: 'Orders', description: '', settings: {} } },
        { type: 'NodeAdded', data: { node: a } },
        { type: 'NodeAdded', data: { node: b } },
        { type: 'EdgeAdded', data: { edge } },
        { type: 'NodeMoved', data: { nodeId: a.id, position: { x: 7, y: 8 } } },
        first,
        published(first, 1),
        { type: 'NodeConfigured', data: { nodeId: b.id, config: { changed: true } } },
        second,
        published(second, 2),
      ],
    ],
  }
}

/** Appends to the end of a stream, in appends of `size` events at most. */
export const append = async (
  store: EventStore,
  [stream, events]: StreamEvents,
  options: { size?: number; after?: number } = {},
): Promise<Appended> => {
  const { size = events.length, after = -1 } = options
  let last: Appended = { revision: after, position: 0n }
  for (let at = 0; at < events.length; at += size) {
    const part = events.slice(at, at + size).map((event) => envelope(event))
    last = await store.append(stream, part, last.revision === -1 ? 'none' : last.revision)
  }
  return last
}
