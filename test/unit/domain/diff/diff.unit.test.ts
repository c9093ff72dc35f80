import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson } from '../../../../src/domain/canonicalJson.js'
import { contentHash } from '../../../../src/domain/contentHash.js'
import type { Definition, Edge, Settings, WorkflowNode } from '../../../../src/domain/definition.js'
import { applyChanges } from '../../../../src/domain/diff/applyChanges.js'
import { type DefinitionDiff, diffDefinitions } from '../../../../src/domain/diff/definitionDiff.js'
import { diffValues } from '../../../../src/domain/diff/valueDiff.js'
import type { JsonValue } from '../../../../src/domain/json.js'
import { definitions } from '../../../support/commands/arbitraries.js'
import { definition, edge, idOf, node } from '../../../support/commands/workflows.js'

const json = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<JsonValue>

describe('the difference of two values', () => {
  it('names every field by its pointer', () => {
    const before = { url: 'a', list: [1, 2, 3], gone: true, deep: { same: 1, 'a/b~c': 1 } }
    const after = { url: 'b', list: [1, 9], deep: { same: 1, 'a/b~c': null }, fresh: {} }
    expect(diffValues(before, after)).toEqual([
      { op: 'replace', pointer: '/url', before: 'a', after: 'b' },
      { op: 'replace', pointer: '/list/1', before: 2, after: 9 },
      { op: 'remove', pointer: '/list/2', before: 3 },
      { op: 'remove', pointer: '/gone', before: true },
      { op: 'replace', pointer: '/deep/a~1b~0c', before: 1, after: null },
      { op: 'add', pointer: '/fresh', after: {} },
    ])
  })

  it('replaces what is of another kind as a whole', () => {
    expect(diffValues({ a: [1] }, { a: { 0: 1 } })).toEqual([
      { op: 'replace', pointer: '/a', before: [1], after: { 0: 1 } },
    ])
    expect(diffValues('x', null)).toEqual([{ op: 'replace', pointer: '', before: 'x', after: null }])
  })

  it('is nothing for equal values', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(diffValues(value, structuredClone(value))).toEqual([])
      }),
    )
  })

  it('leads from one to the other', () => {
    fc.assert(
      fc.property(json, json, (before, after) => {
        const result = applyChanges(before, diffValues(before, after))
        expect(canonicalJson(result)).toBe(canonicalJson(after))
      }),
      { numRuns: 500 },
    )
  })

  it('does not change what it is applied to', () => {
    const before = { a: [1, { b: 2 }] }
    applyChanges(before, diffValues(before, { a: [{ b: 3 }] }))
    expect(before).toEqual({ a: [1, { b: 2 }] })
  })

  it('is not applied where it does not fit', () => {
    expect(() => applyChanges({ a: 1 }, diffValues({ a: { b: 1 } }, { a: { b: 2 } }))).toThrow(RangeError)
  })
})

describe('the difference of two definitions', () => {
  const [a, b, c] = [node('a', { config: { url: 'x', n: 1 } }), node('b'), node('c')]

  it('says what was added, removed, changed field by field, and moved', () => {
    const before: Definition = { ...definition([a, b], [edge('a', 'b'), edge('b', 'a')]), settings: { timeoutMs: 1 } }
    const changed = { ...a, key: 'z', config: { url: 'y', n: 1 }, position: { x: 4, y: 0 } }
    const moved = { ...edge('a', 'b'), sourcePort: 'true' }
    const after: Definition = { nodes: [changed, c], edges: [moved, edge('a', 'c')], settings: {} }
    expect(diffDefinitions(before, after)).toEqual({
      nodes: {
        added: [c],
        removed: [b],
        changed: [
          {
            nodeId: idOf('a'),
            key: 'z',
            changes: [
              { op: 'replace', pointer: '/key', before: 'a', after: 'z' },
              { op: 'replace', pointer: '/config/url', before: 'x', after: 'y' },
            ],
          },
        ],
        moved: [{ nodeId: idOf('a'), key: 'z', from: { x: 0, y: 0 }, to: { x: 4, y: 0 } }],
      },
      edges: {
        added: [{ ...edge('a', 'c'), sourceKey: 'z', targetKey: 'c' }],
        removed: [{ ...edge('b', 'a'), sourceKey: 'b', targetKey: 'a' }],
        changed: [
          {
            edgeId: edge('a', 'b').id,
            sourceKey: 'z',
            targetKey: idOf('b'),
            changes: [{ op: 'replace', pointer: '/sourcePort', before: 'out', after: 'true' }],
          },
        ],
      },
      settings: [{ op: 'remove', pointer: '/timeoutMs', before: 1 }],
    })
  })

  it('is empty exactly between equals', () => {
    fc.assert(
      fc.property(definitions, definitions, (one, other) => {
        const equal = contentHash(one) === contentHash(other) && samePlaces(one, other)
        expect(isEmptyDiff(diffDefinitions(one, other))).toBe(equal)
        expect(isEmptyDiff(diffDefinitions(one, { ...one, nodes: [...one.nodes].reverse() }))).toBe(true)
      }),
    )
  })

  it('leads from one to the other', () => {
    fc.assert(
      fc.property(definitions, definitions, (before, after) => {
        const result = applied(before, diffDefinitions(before, after))
        expect(contentHash(result)).toBe(contentHash(after))
        expect(samePlaces(result, after)).toBe(true)
      }),
    )
  })
})

const isEmptyDiff = ({ nodes, edges, settings }: DefinitionDiff): boolean =>
  [...Object.values(nodes), ...Object.values(edges), settings].every((part) => part.length === 0)

const samePlaces = (one: Definition, other: Definition): boolean => {
  const places = ({ nodes }: Definition) => Object.fromEntries(nodes.map(({ id, position }) => [id, position]))
  return canonicalJson(places(one)) === canonicalJson(places(other))
}

const applied = ({ nodes, edges, settings }: Definition, diff: DefinitionDiff): Definition => {
  const gone = new Set([...diff.nodes.removed, ...diff.edges.removed].map(({ id }) => id))
  const changedNode = (each: WorkflowNode): WorkflowNode => {
    const changes = diff.nodes.changed.find(({ nodeId }) => nodeId === each.id)?.changes ?? []
    const position = diff.nodes.moved.find(({ nodeId }) => nodeId === each.id)?.to ?? each.position
    return { ...(applyChanges(each as unknown as JsonValue, changes) as unknown as WorkflowNode), position }
  }
  const changedEdge = (each: Edge): Edge => {
    const changes = diff.edges.changed.find(({ edgeId }) => edgeId === each.id)?.changes ?? []
    return applyChanges(each, changes) as unknown as Edge
  }
  return {
    nodes: [...nodes.filter(({ id }) => !gone.has(id)).map(changedNode), ...diff.nodes.added],
    edges: [
      ...edges.filter(({ id }) => !gone.has(id)).map(changedEdge),
      ...diff.edges.added.map(({ sourceKey: _source, targetKey: _target, ...added }) => added),
    ],
    settings: applyChanges(settings as JsonValue, diff.settings) as Settings,
  }
}
