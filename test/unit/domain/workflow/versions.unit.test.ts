import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contentHash } from '../../../../src/domain/contentHash.js'
import type { Definition } from '../../../../src/domain/definition.js'
import type { WorkflowEvent } from '../../../../src/domain/events/catalogue/index.js'
import type { Finding } from '../../../../src/domain/findings.js'
import { workflowAggregate } from '../../../../src/domain/workflow/aggregate.js'
import { draftOf, type WorkflowState } from '../../../../src/domain/workflow/state.js'
import {
  decidePublish,
  decideRestoreVersion,
  decideSaveVersion,
  decideUnpublish,
} from '../../../../src/domain/workflow/versions.js'
import { definitions } from '../../../support/commands/arbitraries.js'
import { testNow } from '../../../support/commands/context.js'
import { deciderTest, recorded } from '../../../support/commands/givenWhenThen.js'
import { definition, drafted, edge, idOf, node, nodeAdded, workflowId } from '../../../support/commands/workflows.js'

const { given, stateAfter } = deciderTest(workflowAggregate, workflowId)
const graph = definition([node('a'), node('b')], [edge('a', 'b')])
const draft = drafted(graph)
const valid = (): Finding[] => []
const finding: Finding = { severity: 'error', code: 'cycle', detail: 'a -> a', nodeId: idOf('a'), pointer: '/nodes/0' }
const hint: Finding = { severity: 'warning', code: 'unreachable_node', detail: 'b', nodeId: idOf('b') }

const save =
  (label: string | null = null, validate: (d: Definition) => Finding[] = valid) =>
  (state: WorkflowState) =>
    decideSaveVersion(state, { versionId: idOf('v'), label }, validate)

const saved = (number: number, snapshot = graph, findings: Finding[] = []): WorkflowEvent => ({
  type: 'VersionSaved',
  data: {
    ...{ versionId: idOf('v'), number, label: null, snapshot, contentHash: contentHash(snapshot), findings },
    ...{ name: 'Orders', description: '', publishedVersion: null, createdAt: testNow },
  },
})
const published = (number: number): WorkflowEvent => ({
  type: 'VersionPublished',
  data: { versionId: idOf('v'), number, contentHash: contentHash(graph) },
})
const version = (number: number, content = graph) => ({
  ...{ versionId: idOf('v'), number, contentHash: contentHash(content), definition: content },
})
const archive: WorkflowEvent = { type: 'WorkflowArchived', data: {} }

describe('saving a version', () => {
  it('keeps the whole draft with its findings, numbered from 1', () => {
    given(draft)
      .when(save(null, () => [finding, hint]))
      .then([saved(1, graph, [finding, hint])])
  })

  it('validates the draft that it saves', () => {
    const seen: Definition[] = []
    decideSaveVersion(stateAfter(draft), { versionId: idOf('v'), label: null }, (judged) => {
      seen.push(judged)
      return []
    })
    expect(seen).toEqual([graph])
  })

  it('writes nothing while the draft means the same', () => {
    const moved: WorkflowEvent = { type: 'NodeMoved', data: { nodeId: idOf('a'), position: { x: 3, y: 3 } } }
    given([...draft, saved(1)])
      .when(save('a label'))
      .then([])
    given([...draft, saved(1), moved])
      .when(save())
      .then([])
  })

  it('counts on when it changed', () => {
    const bigger = definition([...graph.nodes, node('c')], graph.edges)
    given([...draft, saved(1), nodeAdded(node('c'))])
      .when(save())
      .then([saved(2, bigger)])
  })

  it('is refused for an archived workflow', () => {
    given([...draft, archive])
      .when(save())
      .thenRefused('workflow_archived')
  })

  it('carries what a stream is loaded with from there on', () => {
    fc.assert(
      fc.property(definitions, definitions, (first, second) => {
        const before = drafted(first)
        const events = [
          ...before,
          ...decideSaveVersion(stateAfter(before), { versionId: idOf('v'), label: 'x' }, valid),
        ]
        const after = second.nodes.filter(({ id }) => !first.nodes.some((each) => each.id === id)).map(nodeAdded)
        const all = recorded('workflow', workflowId, [...events, ...after])
        const fromSnapshot = workflowAggregate.fromSnapshot(all[events.length - 1]!)
        const restored = workflowAggregate.evolveAll(fromSnapshot, all.slice(events.length))
        expect(restored).toEqual(stateAfter([...events, ...after]))
      }),
    )
  })
})

describe('publishing', () => {
  it('says which version runs from now on', () => {
    given([...draft, saved(1)])
      .when((state) => decidePublish(state, version(1), valid))
      .then([published(1)])
    given([...draft, saved(1), published(1)])
      .when((state) => decidePublish(state, version(2), valid))
      .then([published(2)])
  })

  it('writes nothing for the version that is published', () => {
    given([...draft, saved(1), published(1)])
      .when((state) => decidePublish(state, version(1), () => [finding]))
      .then([])
  })

  it('is refused with all errors at once; warnings do not count', () => {
    const other = { severity: 'error', code: 'no_trigger', detail: 'none' } as const
    const { kind, errors } = given([...draft, saved(1)])
      .when((state) => decidePublish(state, version(1), () => [finding, other, hint]))
      .thenRefused('version_invalid')
    expect(kind).toBe('invalid')
    expect(errors).toEqual([
      { pointer: '/nodes/0', code: 'cycle', detail: 'a -> a', nodeId: idOf('a') },
      { pointer: '', code: 'no_trigger', detail: 'none' },
    ])
    given([...draft, saved(1)])
      .when((state) => decidePublish(state, version(1), () => [hint]))
      .then([published(1)])
  })

  it('needs a version that is there and a workflow that is not archived', () => {
    given(draft)
      .when((state) => decidePublish(state, undefined, valid))
      .thenRefused('version_not_found')
    given([...draft, saved(1), archive])
      .when((state) => decidePublish(state, version(1), valid))
      .thenRefused('workflow_archived')
  })

  it('is undone once', () => {
    given([...draft, saved(1), published(1)])
      .when(decideUnpublish)
      .then([{ type: 'WorkflowUnpublished', data: { number: 1 } }])
    given([...draft, saved(1)])
      .when(decideUnpublish)
      .then([])
  })
})

describe('restoring a version', () => {
  it('says so and makes the edits that lead there', () => {
    given([...draft, saved(1), nodeAdded(node('c'))])
      .when((state) => decideRestoreVersion(state, version(1)))
      .then([
        { type: 'DraftRestored', data: { number: 1, contentHash: contentHash(graph) } },
        { type: 'NodeRemoved', data: { nodeId: idOf('c') } },
      ])
  })

  it('writes nothing where the draft is so already', () => {
    given([...draft, saved(1)])
      .when((state) => decideRestoreVersion(state, version(1)))
      .then([])
    given(draft)
      .when((state) => decideRestoreVersion(state, undefined))
      .thenRefused('version_not_found')
  })

  it('leads to that version from any draft', () => {
    fc.assert(
      fc.property(definitions, definitions, (wanted, present) => {
        const events = [...drafted(present), ...decideRestoreVersion(stateAfter(drafted(present)), version(1, wanted))]
        expect(contentHash(draftOf(stateAfter(events)!))).toBe(contentHash(wanted))
      }),
    )
  })
})

describe('the fold', () => {
  it('is the same one by one and all at once', () => {
    fc.assert(
      fc.property(definitions, definitions, (first, second) => {
        const events = drafted(first)
        const all = [...events, ...decideRestoreVersion(stateAfter(events), version(1, second)), saved(1), published(1)]
        const one = recorded('workflow', workflowId, all).reduce(
          workflowAggregate.evolve,
          workflowAggregate.initialState,
        )
        expect(one).toEqual(stateAfter(all))
      }),
    )
  })

  it('leaves the state before an event as it was', () => {
    const [first, ...rest] = recorded('workflow', workflowId, draft)
    const before = workflowAggregate.evolve(undefined, first!)
    workflowAggregate.evolveAll(before, rest)
    expect(before?.nodes.size).toBe(0)
    expect(before?.edges.size).toBe(0)
  })

  it('is total: events about what is not there change nothing', () => {
    const gone = idOf('gone')
    const events: WorkflowEvent[] = [
      { type: 'NodeConfigured', data: { nodeId: gone, config: {} } },
      { type: 'NodeRemoved', data: { nodeId: gone } },
      { type: 'EdgeRemoved', data: { edgeId: gone } },
    ]
    expect(draftOf(stateAfter([...draft, ...events])!)).toEqual(graph)
    expect(stateAfter(events)).toBeUndefined()
  })
})

describe('the content hash', () => {
  it('does not depend on positions, nor on the order of nodes, edges and keys', () => {
    fc.assert(
      fc.property(definitions, fc.integer(), (content, x) => {
        const shuffled: Definition = {
          settings: content.settings,
          edges: [...content.edges].reverse(),
          nodes: [...content.nodes].reverse().map(({ policy, config, ...rest }) => ({
            policy,
            config: Object.fromEntries(Object.entries(config).reverse()),
            ...rest,
            position: { x, y: -x },
          })),
        }
        expect(contentHash(shuffled)).toBe(contentHash(content))
      }),
    )
  })

  it.each<[string, (content: Definition) => Definition]>([
    ['a config', (d) => ({ ...d, nodes: d.nodes.map((each) => ({ ...each, config: { changed: 1 } })) })],
    ['a key', (d) => ({ ...d, nodes: d.nodes.with(0, { ...d.nodes[0]!, key: 'z' }) })],
    ['a type', (d) => ({ ...d, nodes: d.nodes.with(0, { ...d.nodes[0]!, type: 'merge' }) })],
    ['a policy', (d) => ({ ...d, nodes: d.nodes.with(0, { ...d.nodes[0]!, policy: { join: 'any' } }) })],
    ['a port', (d) => ({ ...d, edges: [{ ...d.edges[0]!, sourcePort: 'true' }] })],
    ['the settings', (d) => ({ ...d, settings: { timeoutMs: 9 } })],
    ['a node less', (d) => ({ ...d, nodes: d.nodes.slice(1) })],
  ])('depends on %s', (_, changed) => {
    expect(contentHash(changed(graph))).not.toBe(contentHash(graph))
  })
})
