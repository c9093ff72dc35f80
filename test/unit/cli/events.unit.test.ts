import { describe, expect, it } from 'vitest'
import type { LoggedEvent } from '../../../src/cli/resources.js'
import { createEventLines, eventList } from '../../../src/cli/views/eventView.js'
import type { JsonObject } from '../../../src/domain/json.js'

const event = (revision: number, type: string, data: JsonObject): LoggedEvent => ({
  revision,
  type,
  data,
  position: String(revision),
  occurredAt: '2026-03-01T12:00:00.000Z',
  actor: { kind: 'apiKey', id: 'k', name: 'ada' },
})
const node = (id: string, key: string) => ({
  id,
  key,
  type: 'noop',
  config: { a: 1 },
  position: { x: 0, y: 0 },
  policy: {},
})

/** Without the columns that are alike: subject and data of each event. */
const told = (events: readonly LoggedEvent[]): string[] =>
  eventList({ items: events, nextCursor: null })
    .split('\n')
    .slice(1)
    .map((line) =>
      line
        .split(/ {2,}/)
        .filter((cell) => cell !== 'ada')
        .slice(-2)
        .join(' | '),
    )

describe('lists of events', () => {
  it('name nodes by the keys that they had, and edges by those of their nodes', () => {
    const edge = { id: 'e1', sourceNodeId: 'n1', sourcePort: 'out', targetNodeId: 'n2' }
    expect(
      told([
        event(0, 'WorkflowCreated', { workflowId: 'w', name: 'Hello' }),
        event(1, 'NodeAdded', { node: node('n1', 'start') }),
        event(2, 'DraftEdited', { nodesAdded: [node('n2', 'greet')], edgesAdded: [] }),
        event(3, 'EdgeAdded', { edge }),
        event(4, 'NodeRenamed', { nodeId: 'n2', key: 'welcome' }),
        event(5, 'NodeConfigured', { nodeId: 'n2', config: { b: 2 } }),
        event(6, 'EdgeRemoved', { edgeId: 'e1' }),
        event(7, 'NodeRemoved', { nodeId: 'n3' }),
      ]).map((line) => line.replaceAll(/"(nodes|edges)Added".*/g, '…')),
    ).toEqual([
      '– | {"workflowId":"w","name":"Hello"}',
      'start | {"type":"noop","config":{"a":1},"policy":{}}',
      '– | {…',
      'start.out -> greet | –',
      'greet | {"key":"welcome"}',
      'welcome | {"config":{"b":2}}',
      'start.out -> welcome | –',
      'n3 | –',
    ])
  })

  it('say of the steps of a run what became of them, not their ids', () => {
    const ran = { executionId: 'x', nodeId: 'n1', key: 'facts', nodeType: 'transform', ports: ['out'] }
    expect(told([event(1, 'NodeCompleted', ran)])).toEqual(['facts | {"ports":["out"]}'])
  })

  it('know nodes of which only a version tells', () => {
    const saved = event(9, 'VersionSaved', { number: 1, snapshot: { nodes: [node('n1', 'start')], edges: [] } })
    expect(told([saved, event(10, 'NodeMoved', { nodeId: 'n1', position: { x: 1, y: 0 } })]).at(-1)).toBe(
      'start | {"position":{"x":1,"y":0}}',
    )
  })
})

describe('lines of events', () => {
  it('name nodes by what earlier ones said', () => {
    const lineOf = createEventLines()
    const completed = event(1, 'NodeCompleted', { nodeId: 'n1', key: 'wait', nodeType: 'delay' })
    expect(lineOf(completed)).toBe('    1  2026-03-01T12:00:00Z  NodeCompleted           wait')
    expect(lineOf(event(2, 'TimerFired', { timerId: 't', nodeId: 'n1' }))).toContain(
      'wait              {"timerId":"t"}',
    )
  })
})
