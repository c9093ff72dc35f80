import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readyDefinition } from '../../../../src/commands/workflows/readyEdits.js'
import type { Definition } from '../../../../src/domain/definition.js'
import { workflowAggregate } from '../../../../src/domain/workflow/aggregate.js'
import { definitionEdits } from '../../../../src/domain/workflow/definitionEdits.js'
import type { NewDefinition } from '../../../../src/domain/workflow/edits.js'
import { decideCreate, decideImport } from '../../../../src/domain/workflow/importDefinition.js'
import { draftOf, type WorkflowState } from '../../../../src/domain/workflow/state.js'
import { definitions } from '../../../support/commands/arbitraries.js'
import { deciderTest } from '../../../support/commands/givenWhenThen.js'
import {
  countingIds,
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
const importing = (wanted: NewDefinition) => (state: WorkflowState) =>
  decideImport(state, readyDefinition(wanted, countingIds()))

const [a, b] = [node('a', { config: { x: 1 } }), node('b', { position: { x: 5, y: 5 } })]
const ab = edge('a', 'b')
const draft = drafted(definition([a, b], [ab]))

/** A definition without the order of its parts, and without ids. */
const byId = ({ nodes, edges, settings }: Definition) => ({
  nodes: new Map(nodes.map((each) => [each.id, each])),
  edges: new Map(edges.map((each) => [each.id, each])),
  settings,
})
const byKey = ({ nodes, edges, settings }: Definition) => {
  const keyOf = new Map(nodes.map(({ id, key }) => [id, key]))
  return {
    nodes: new Map(nodes.map(({ id: _, ...rest }) => [rest.key, rest])),
    edges: edges
      .map(
        ({ sourceNodeId, sourcePort, targetNodeId }) =>
          `${keyOf.get(sourceNodeId)}.${sourcePort}->${keyOf.get(targetNodeId)}`,
      )
      .sort(),
    settings,
  }
}

describe('importing a definition', () => {
  it('adds what is new, removes what is gone and changes what differs, in the fewest edits', () => {
    const c = node('c')
    given(draft)
      .when(
        importing({
          nodes: [{ ...a, config: { x: 2 } }, c],
          edges: [edge('a', 'c')],
          settings: { timeoutMs: 7 },
        }),
      )
      .then([
        edgeRemoved(ab),
        nodeRemoved('b'),
        { type: 'NodeConfigured', data: { nodeId: a.id, config: { x: 2 } } },
        nodeAdded(c),
        edgeAdded(edge('a', 'c')),
        { type: 'WorkflowSettingsChanged', data: { settings: { timeoutMs: 7 } } },
      ])
  })

  it('finds nodes by id, also under another key', () => {
    given(draft)
      .when(importing({ nodes: [{ ...a, key: 'z' }, b], edges: [ab] }))
      .then([{ type: 'NodeRenamed', data: { nodeId: a.id, key: 'z' } }])
  })

  it('finds nodes by key and edges by what they join where ids say nothing', () => {
    const { id: _, ...withoutId } = a
    given(draft)
      .when(
        importing({
          nodes: [withoutId, { ...b, id: idOf('an id from elsewhere') }],
          edges: [{ sourceNodeId: 'a', targetNodeId: idOf('an id from elsewhere') }],
        }),
      )
      .then([])
  })

  it('takes an id before a key', () => {
    given(draft)
      .when(
        importing({
          nodes: [
            { ...a, key: 'b' },
            { ...b, key: 'a' },
          ],
          edges: [ab],
        }),
      )
      .then([
        { type: 'NodeRenamed', data: { nodeId: a.id, key: 'b' } },
        { type: 'NodeRenamed', data: { nodeId: b.id, key: 'a' } },
      ])
  })

  it('leaves a node where it is when no position is given, but takes missing config and policy for empty', () => {
    given(draft)
      .when(
        importing({
          nodes: [
            { key: 'a', type: 'noop' },
            { key: 'b', type: 'noop' },
          ],
          edges: [ab],
        }),
      )
      .then([{ type: 'NodeConfigured', data: { nodeId: a.id, config: {} } }])
  })

  it('replaces a node of another type, and its edges with it', () => {
    const other = { ...a, type: 'merge' }
    given(draft)
      .when(importing({ nodes: [other, b], edges: [ab] }))
      .then([edgeRemoved(ab), nodeRemoved('a'), nodeAdded(other), edgeAdded(ab)])
  })

  it('refuses all errors at once, with pointers', () => {
    const { kind, errors } = given(draft)
      .when(
        importing({
          nodes: [a, { ...b, key: 'a' }, { ...a, key: 'c' }],
          edges: [edge('a', 'x'), edge('y', 'a'), ab, { ...ab, sourcePort: 'true', targetNodeId: 'c' }],
        }),
      )
      .thenRefused('invalid_definition')
    expect(kind).toBe('invalid')
    expect(errors.map(({ pointer, code }) => [pointer, code])).toEqual([
      ['/nodes/1/key', 'duplicate_key'],
      ['/nodes/2/id', 'duplicate_id'],
      ['/edges/0/targetNodeId', 'dangling_edge'],
      ['/edges/1/sourceNodeId', 'dangling_edge'],
      ['/edges/2/targetNodeId', 'dangling_edge'],
      ['/edges/3/targetNodeId', 'dangling_edge'],
    ])
  })

  it('refuses two edges of one id', () => {
    const { errors } = given(draft)
      .when(importing({ nodes: [a, b], edges: [ab, { ...ab, sourcePort: 'true' }] }))
      .thenRefused('invalid_definition')
    expect(errors).toMatchObject([{ pointer: '/edges/1/id', code: 'duplicate_id' }])
  })

  it('refuses what is too large', () => {
    const nodes = Array.from({ length: 2_001 }, (_, index) => ({ key: `n${index}`, type: 'noop' }))
    given(draft)
      .when(importing({ nodes, edges: [] }))
      .thenRefused('too_many_nodes')
  })

  it('leads to exactly that definition, whatever was there before', () => {
    fc.assert(
      fc.property(definitions, definitions, (before, after) => {
        const events = decideImport(stateAfter(drafted(before)), readyDefinition(after, countingIds()))
        const result = draftOf(stateAfter([...drafted(before), ...events])!)
        expect(byKey(result)).toEqual(byKey(after))
      }),
    )
  })

  it('leads to the same ids too where all of them are known or new', () => {
    fc.assert(
      fc.property(definitions, (after) => {
        const events = decideCreate(undefined, created.data as never, readyDefinition(after, countingIds()))
        expect(byId(draftOf(stateAfter(events)!))).toEqual(byId(after))
      }),
    )
  })

  it('writes nothing the second time', () => {
    fc.assert(
      fc.property(definitions, definitions, (before, after) => {
        const events = decideImport(stateAfter(drafted(before)), readyDefinition(after, countingIds()))
        const again = decideImport(stateAfter([...drafted(before), ...events]), readyDefinition(after, countingIds()))
        expect(again).toEqual([])
      }),
    )
  })
})

describe('the edits from one definition to another', () => {
  it('lead there exactly, by id', () => {
    fc.assert(
      fc.property(definitions, definitions, (before, after) => {
        const events = definitionEdits(byId(before), byId(after))
        // An import keeps its settings in an event of its own, a draft of the test has none to begin with.
        const state = stateAfter([
          ...drafted(before),
          { type: 'WorkflowSettingsChanged', data: { settings: before.settings } },
          ...events,
        ])
        expect(byId(draftOf(state!))).toEqual(byId(after))
      }),
    )
  })

  it('are none between equals', () => {
    fc.assert(
      fc.property(definitions, (same) => {
        expect(definitionEdits(byId(same), byId(same))).toEqual([])
      }),
    )
  })
})

describe('creating a workflow', () => {
  const data = { workflowId, name: 'Orders', description: '', settings: {} }

  it('writes its first nodes and edges at once', () => {
    given([])
      .when((state) => decideCreate(state, data, readyDefinition({ nodes: [a, b], edges: [ab] }, countingIds())))
      .then(draft)
  })

  it('refuses edges that lead nowhere', () => {
    const { errors } = given([])
      .when((state) =>
        decideCreate(
          state,
          data,
          readyDefinition({ nodes: [a], edges: [{ sourceNodeId: 'a', targetNodeId: 'b' }] }, countingIds()),
        ),
      )
      .thenRefused('invalid_definition')
    expect(errors).toMatchObject([{ pointer: '/edges/0/targetNodeId', code: 'dangling_edge' }])
  })

  it('happens once', () => {
    given(draft)
      .when((state) => decideCreate(state, data, { nodes: [], edges: [] }))
      .thenRefused('workflow_exists')
  })
})
