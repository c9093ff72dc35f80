import { describe, expect, it } from 'vitest'
import { workflowAggregate } from '../../../../src/domain/workflow/aggregate.js'
import {
  decideArchive,
  decideChange,
  decideEdits,
  decideRestore,
  findNode,
} from '../../../../src/domain/workflow/lifecycle.js'
import type { ReadyEdit } from '../../../../src/domain/workflow/readyEdit.js'
import { statusOf, type WorkflowState } from '../../../../src/domain/workflow/state.js'
import { deciderTest } from '../../../support/commands/givenWhenThen.js'
import {
  created,
  definition,
  drafted,
  edge,
  edgeAdded,
  edgeRemoved,
  idOf,
  node,
  nodeAdded,
  nodeRemoved,
  workflowId,
} from '../../../support/commands/workflows.js'

const { given, stateAfter } = deciderTest(workflowAggregate, workflowId)
const change =
  (...edits: ReadyEdit[]) =>
  (state: WorkflowState) =>
    decideChange(state, edits)
const edit =
  (...edits: ReadyEdit[]) =>
  (state: WorkflowState) =>
    decideEdits(state, edits)

const [a, b, c] = [node('a', { config: { x: 1, y: [2] } }), node('b'), node('c')]
const [ab, bc] = [edge('a', 'b'), edge('b', 'c')]
const draft = drafted(definition([a, b, c], [ab, bc]))
const archived = [...draft, { type: 'WorkflowArchived', data: {} } as const]

describe('the life of a workflow', () => {
  it('is archived and restored, each once', () => {
    given(draft)
      .when(decideArchive)
      .then([{ type: 'WorkflowArchived', data: {} }])
    given(archived).when(decideArchive).then([])
    given(archived)
      .when(decideRestore)
      .then([{ type: 'WorkflowRestored', data: {} }])
    given(draft).when(decideRestore).then([])
  })

  it.each([decideArchive, decideRestore, change(), edit()])('begins with its creation', (decide) => {
    const { kind } = given([]).when(decide).thenRefused('workflow_not_found')
    expect(kind).toBe('notFound')
  })

  it('refuses edits while it is archived', () => {
    const { kind } = given(archived)
      .when(change({ op: 'rename', name: 'x' }))
      .thenRefused('workflow_archived')
    expect(kind).toBe('conflict')
  })

  it('has the status that its events gave it', () => {
    const saved = (number: number) =>
      ({
        type: 'VersionSaved',
        data: {
          ...{ versionId: idOf('v'), number, label: null, snapshot: definition([]), contentHash: 'h', findings: [] },
          ...{ name: '', description: '', publishedVersion: null, createdAt: '' },
        },
      }) as const
    const published = { type: 'VersionPublished', data: { versionId: idOf('v'), number: 1, contentHash: 'h' } } as const
    const unpublished = { type: 'WorkflowUnpublished', data: { number: 1 } } as const
    const status = (...events: Parameters<typeof stateAfter>[0]) => statusOf(stateAfter([created, ...events])!)
    expect(status()).toBe('draft')
    expect(status(saved(1))).toBe('versioned')
    expect(status(saved(1), published)).toBe('published')
    expect(status(saved(1), published, nodeAdded(a), saved(2))).toBe('published')
    expect(status(saved(1), published, unpublished)).toBe('versioned')
    expect(status(saved(1), published, { type: 'WorkflowArchived', data: {} })).toBe('archived')
  })
})

describe('an edit', () => {
  it('renames, describes and sets, and writes nothing where it is so already', () => {
    const edits: ReadyEdit[] = [
      { op: 'rename', name: 'Bills' },
      { op: 'describe', description: 'All of them' },
      { op: 'changeSettings', settings: { timeoutMs: 5 } },
    ]
    const events = [
      { type: 'WorkflowRenamed', data: { name: 'Bills' } },
      { type: 'WorkflowDescribed', data: { description: 'All of them' } },
      { type: 'WorkflowSettingsChanged', data: { settings: { timeoutMs: 5 } } },
    ] as const
    given(draft)
      .when(change(...edits))
      .then(events)
    given([...draft, ...events])
      .when(change(...edits))
      .then([])
  })

  it('adds a node with what was left out', () => {
    const { id, key, type, config, position, policy } = node('d')
    given(draft)
      .when(change({ op: 'addNode', id, key, type }))
      .then([{ type: 'NodeAdded', data: { node: { id, key, type, config, position, policy } } }])
  })

  it('refuses a node whose id or key is taken, both at once', () => {
    const { kind, errors } = given(draft)
      .when(change({ op: 'addNode', id: a.id, key: 'b', type: 'noop' }))
      .thenRefused('duplicate_id')
    expect(kind).toBe('conflict')
    expect(errors.map(({ pointer, code }) => [pointer, code])).toEqual([
      ['/id', 'duplicate_id'],
      ['/key', 'duplicate_key'],
    ])
  })

  it.each([
    [
      'configures',
      { op: 'configureNode', nodeId: 'a', config: { x: 2 } },
      { type: 'NodeConfigured', data: { nodeId: a.id, config: { x: 2 } } },
    ],
    [
      'renames',
      { op: 'renameNode', nodeId: a.id, key: 'z' },
      { type: 'NodeRenamed', data: { nodeId: a.id, key: 'z' } },
    ],
    [
      'sets the policy of',
      { op: 'setNodePolicy', nodeId: 'a', policy: { join: 'any' } },
      { type: 'NodePolicySet', data: { nodeId: a.id, policy: { join: 'any' } } },
    ],
    [
      'moves',
      { op: 'moveNode', nodeId: 'a', position: { x: 9, y: 9 } },
      { type: 'NodeMoved', data: { nodeId: a.id, position: { x: 9, y: 9 } } },
    ],
  ] as const)('%s a node that is named by id or key', (_, wanted, event) => {
    given(draft).when(change(wanted)).then([event])
    given([...draft, event])
      .when(change({ ...wanted, nodeId: a.id }))
      .then([])
    const { kind } = given(draft)
      .when(change({ ...wanted, nodeId: 'nobody' }))
      .thenRefused('node_not_found')
    expect(kind).toBe('notFound')
  })

  it('that only orders keys otherwise changes nothing', () => {
    given(draft)
      .when(change({ op: 'configureNode', nodeId: 'a', config: { y: [2], x: 1 } }))
      .then([])
  })

  it('refuses a key that another node has', () => {
    given(draft)
      .when(change({ op: 'renameNode', nodeId: 'a', key: 'b' }))
      .thenRefused('duplicate_key')
    given(draft)
      .when(change({ op: 'renameNode', nodeId: 'a', key: 'a' }))
      .then([])
  })

  it('removes a node with its edges in the same append', () => {
    given(draft)
      .when(change({ op: 'removeNode', nodeId: 'b' }))
      .then([edgeRemoved(ab), edgeRemoved(bc), nodeRemoved('b')])
    given(draft)
      .when(change({ op: 'removeNode', nodeId: 'd' }))
      .thenRefused('node_not_found')
  })

  it('adds an edge between nodes that are named by id or key', () => {
    const ac = edge('a', 'c')
    given(draft)
      .when(change({ op: 'addEdge', id: ac.id, sourceNodeId: 'a', targetNodeId: c.id }))
      .then([edgeAdded(ac)])
    given(draft)
      .when(change({ op: 'addEdge', id: ac.id, sourceNodeId: a.id, sourcePort: 'true', targetNodeId: 'c' }))
      .then([edgeAdded({ ...ac, sourcePort: 'true' })])
  })

  it('refuses an edge that dangles at either end, or whose id is taken', () => {
    const { kind, errors } = given(draft)
      .when(change({ op: 'addEdge', id: ab.id, sourceNodeId: 'x', targetNodeId: 'y' }))
      .thenRefused('duplicate_id')
    expect(kind).toBe('conflict')
    expect(errors.map(({ pointer, code }) => [pointer, code])).toEqual([
      ['/id', 'duplicate_id'],
      ['/sourceNodeId', 'dangling_edge'],
      ['/targetNodeId', 'dangling_edge'],
    ])
    const dangling = change({ op: 'addEdge', id: idOf('new'), sourceNodeId: 'a', targetNodeId: 'y' })
    expect(given(draft).when(dangling).thenRefused('dangling_edge').kind).toBe('invalid')
  })

  it('removes an edge', () => {
    given(draft)
      .when(change({ op: 'removeEdge', edgeId: ab.id }))
      .then([edgeRemoved(ab)])
    const { kind } = given(draft)
      .when(change({ op: 'removeEdge', edgeId: idOf('x') }))
      .thenRefused('edge_not_found')
    expect(kind).toBe('notFound')
  })

  it('may leave a cycle: a draft need not be valid', () => {
    const ca = edge('c', 'a')
    given(draft)
      .when(change({ op: 'addEdge', id: ca.id, sourceNodeId: 'c', targetNodeId: 'a' }))
      .then([edgeAdded(ca)])
  })

  it('finds a node by id or key', () => {
    const workflow = stateAfter(draft)!
    expect(findNode(workflow, 'a')).toEqual(a)
    expect(findNode(workflow, b.id)).toEqual(b)
    expect(() => findNode(workflow, 'z')).toThrow('There is no node z.')
  })
})

describe('many edits', () => {
  it('see what those before them did', () => {
    const d = node('d')
    given(draft)
      .when(
        edit(
          { op: 'addNode', id: d.id, key: 'd', type: 'noop' },
          { op: 'addEdge', id: edge('c', 'd').id, sourceNodeId: 'c', targetNodeId: 'd' },
          { op: 'removeNode', nodeId: 'a' },
          { op: 'renameNode', nodeId: 'd', key: 'a' },
        ),
      )
      .then([
        nodeAdded(d),
        edgeAdded(edge('c', 'd')),
        edgeRemoved(ab),
        nodeRemoved('a'),
        { type: 'NodeRenamed', data: { nodeId: d.id, key: 'a' } },
      ])
  })

  it('are refused together, with a pointer to every error', () => {
    const { kind, errors } = given(draft)
      .when(
        edit(
          { op: 'rename', name: 'fine' },
          { op: 'moveNode', nodeId: 'x', position: { x: 1, y: 1 } },
          { op: 'addNode', id: idOf('n'), key: 'a', type: 'noop' },
          { op: 'addEdge', id: idOf('e'), sourceNodeId: 'x', targetNodeId: 'y' },
        ),
      )
      .thenRefused('invalid_edits')
    expect(kind).toBe('invalid')
    expect(errors.map(({ pointer, code }) => [pointer, code])).toEqual([
      ['/edits/1/nodeId', 'node_not_found'],
      ['/edits/2/key', 'duplicate_key'],
      ['/edits/3/sourceNodeId', 'dangling_edge'],
      ['/edits/3/targetNodeId', 'dangling_edge'],
    ])
  })

  it('that come to nothing write what they did on the way', () => {
    given(draft)
      .when(edit({ op: 'renameNode', nodeId: 'a', key: 'z' }, { op: 'renameNode', nodeId: 'z', key: 'a' }))
      .then([
        { type: 'NodeRenamed', data: { nodeId: a.id, key: 'z' } },
        { type: 'NodeRenamed', data: { nodeId: a.id, key: 'a' } },
      ])
  })
})

describe('the limits of a definition', () => {
  const many = (count: number) => Array.from({ length: count }, (_, index) => node(`n${index}`))
  const addNode: ReadyEdit = { op: 'addNode', id: idOf('one more'), key: 'one_more', type: 'noop' }

  it('are 2,000 nodes', () => {
    const full = drafted(definition(many(2_000)))
    expect(given(full).when(change(addNode)).thenRefused('too_many_nodes').kind).toBe('tooLarge')
    given(full)
      .when(change({ op: 'moveNode', nodeId: 'n0', position: { x: 0, y: 0 } }))
      .then([])
  })

  it('are 10,000 edges', () => {
    const edges = Array.from({ length: 10_000 }, (_, index) => ({ ...edge('a', 'b'), id: idOf(`e${index}`) }))
    const full = drafted(definition([a, b], edges))
    given(full)
      .when(change({ op: 'addEdge', id: idOf('one more'), sourceNodeId: 'a', targetNodeId: 'b' }))
      .thenRefused('too_many_edges')
  })

  it('are 512 KiB, of all nodes and edges together', () => {
    const large = many(3).map((each) => ({ ...each, config: { text: 'x'.repeat(170 * 1024) } }))
    const full = drafted(definition(large))
    given(full)
      .when(change({ op: 'configureNode', nodeId: 'n0', config: { text: 'x'.repeat(173 * 1024) } }))
      .thenRefused('definition_too_large')
    expect(decideChange(stateAfter(full), [addNode])).toHaveLength(1)
  })
})
