import fc from 'fast-check'
import { v7 as uuid } from 'uuid'
import { describe, expect, it } from 'vitest'
import { createBlame } from '../../../../src/audit/blame.js'
import { canonicalJson } from '../../../../src/domain/canonicalJson.js'
import { type Definition, definitionLimits } from '../../../../src/domain/definition.js'
import type { WorkflowEvent } from '../../../../src/domain/events/catalogue/index.js'
import { workflowAggregate } from '../../../../src/domain/workflow/aggregate.js'
import { definitionEdits } from '../../../../src/domain/workflow/definitionEdits.js'
import { gatherEdits } from '../../../../src/domain/workflow/gatherEdits.js'
import { checkLimits } from '../../../../src/domain/workflow/limits.js'
import { draftOf, type Workflow } from '../../../../src/domain/workflow/state.js'
import { projections } from '../../../../src/projections/definitions/index.js'
import { plainFoldAll } from '../../../../src/projections/fold/plainFold.js'
import { definitions } from '../../../support/commands/arbitraries.js'
import { deciderTest, recorded } from '../../../support/commands/givenWhenThen.js'
import { created, drafted, node, workflowId } from '../../../support/commands/workflows.js'

const { stateAfter } = deciderTest(workflowAggregate, workflowId)

const graphOf = ({ nodes, edges, settings }: Definition) => ({
  nodes: new Map(nodes.map((each) => [each.id, each])),
  edges: new Map(edges.map((each) => [each.id, each])),
  settings,
})

const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1)
const sorted = (workflow: Workflow) => {
  const { nodes, edges, settings } = draftOf(workflow)
  return { nodes: nodes.toSorted(byId), edges: edges.toSorted(byId), settings }
}

/** The workflow after these edits, one by one and gathered. */
const bothWays = (before: readonly WorkflowEvent[], edits: readonly WorkflowEvent[]) => {
  const singly = [...before, ...edits]
  const gathered = [...before, ...gatherEdits(stateAfter(before), edits)]
  return { singly, gathered }
}

const rows = (events: readonly WorkflowEvent[]) => {
  const tables = projections.find(({ name }) => name === 'workflows')!
  const folded = plainFoldAll(tables, recorded('workflow', workflowId, events))
  const withoutOrder = (name: string) =>
    folded
      .get(name)!
      .map(({ ordinal: _, ...row }) => row)
      .toSorted((a, b) => ((a.id as string) < (b.id as string) ? -1 : 1))
  return { nodes: withoutOrder('nodes'), edges: withoutOrder('edges') }
}

const blamed = (events: readonly WorkflowEvent[]) => {
  const blame = createBlame()
  for (const event of recorded('workflow', workflowId, events)) blame.add(event)
  return new Map(blame.entries().map(({ pointer, value }) => [pointer, value]))
}

const size = (events: readonly WorkflowEvent[]) =>
  events.reduce((sum, { data }) => sum + Buffer.byteLength(canonicalJson(data)), 0)

describe('gathered edits', () => {
  it('come to the same as one event for each: in the draft, in the read model, in blame', () => {
    fc.assert(
      fc.property(definitions, definitions, (from, to) => {
        const edits = definitionEdits(graphOf(from), graphOf({ ...to, settings: from.settings }))
        const { singly, gathered } = bothWays(drafted(from), edits)
        expect(sorted(stateAfter(gathered)!)).toEqual(sorted(stateAfter(singly)!))
        expect(rows(gathered)).toEqual(rows(singly))
        expect(blamed(gathered)).toEqual(blamed(singly))
      }),
      { numRuns: 60 },
    )
  })

  it('keep what else was decided, before them', () => {
    const renamed: WorkflowEvent = { type: 'WorkflowRenamed', data: { name: 'New' } }
    const [a, b] = [node('a'), node('b')]
    const edits: WorkflowEvent[] = [
      { type: 'NodeAdded', data: { node: a } },
      renamed,
      { type: 'NodeAdded', data: { node: b } },
    ]
    expect(gatherEdits(stateAfter([created]), edits)).toEqual([
      renamed,
      {
        type: 'DraftEdited',
        data: {
          edgesRemoved: [],
          nodesRemoved: [],
          nodesChanged: [],
          nodesAdded: [a, b].toSorted(byId),
          edgesAdded: [],
        },
      },
    ])
  })

  it('are nothing where the edits undo each other', () => {
    const added = node('a')
    const edits: WorkflowEvent[] = [
      { type: 'NodeAdded', data: { node: added } },
      { type: 'NodeRemoved', data: { nodeId: added.id } },
    ]
    expect(gatherEdits(stateAfter([created]), edits)).toEqual([])
  })

  it('make any legal draft any other one within one append, in events of legal size', () => {
    /** As many parts as the limits allow, each as small as it can be. */
    const densest = (): Definition => {
      const nodes = Array.from({ length: definitionLimits.nodes }, (_, index) => ({
        ...node(`n${index}`),
        ...{ id: uuid(), key: `${index}` },
      }))
      const edge = (index: number) => {
        const [source, target] = [nodes[index % 2_000]!, nodes[(index + 1) % 2_000]!]
        return { id: uuid(), sourceNodeId: source.id, sourcePort: 'o', targetNodeId: target.id }
      }
      const room = definitionLimits.bytes - Buffer.byteLength(canonicalJson({ nodes, edges: [], settings: {} }))
      const length = Math.floor(room / (Buffer.byteLength(canonicalJson(edge(0))) + 1))
      return { nodes, edges: Array.from({ length }, (_, index) => edge(index)), settings: {} }
    }
    const [from, to] = [densest(), densest()]
    for (const each of [from, to]) checkLimits(graphOf(each))
    const replaced = gatherEdits(stateAfter(drafted(from)), definitionEdits(graphOf(from), graphOf(to)))
    expect(size(replaced)).toBeLessThan(700 * 1024)
    for (const event of replaced) expect(size([event])).toBeLessThan(256 * 1024)
    const empty = { nodes: [], edges: [], settings: {} }
    const emptied = gatherEdits(stateAfter(drafted(from)), definitionEdits(graphOf(from), graphOf(empty)))
    expect(size(emptied)).toBeLessThan(256 * 1024)
  })
})
