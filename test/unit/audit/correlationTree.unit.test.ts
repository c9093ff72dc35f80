import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CausedEvent, type CorrelationNode, correlationTree } from '../../../src/audit/correlationTree.js'

const idsIn = (nodes: readonly CorrelationNode<CausedEvent>[]): string[] =>
  nodes.flatMap(({ event, children }) => [...(event === null ? [] : [event.id]), ...idsIn(children)])

describe('the tree of a correlation', () => {
  it('hangs every event under what caused it', () => {
    const tree = correlationTree([
      { id: 'started', causationId: 'command' },
      { id: 'child', causationId: 'started' },
      { id: 'also', causationId: 'command' },
    ])
    expect(tree).toMatchObject([
      { id: 'command', event: null, children: [{ id: 'started', children: [{ id: 'child' }] }, { id: 'also' }] },
    ])
  })

  it('finds a cause that comes later', () => {
    const [root] = correlationTree([
      { id: 'effect', causationId: 'cause' },
      { id: 'cause', causationId: 'command' },
    ])
    expect(root).toMatchObject({ id: 'command', children: [{ id: 'cause', children: [{ id: 'effect' }] }] })
  })

  it('holds every event exactly once, whatever the causes say', () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f')
    const events = fc.uniqueArray(fc.record({ id: name, causationId: name }), { selector: ({ id }) => id })
    fc.assert(
      fc.property(events, (drawn) => {
        expect(idsIn(correlationTree(drawn)).sort()).toEqual(drawn.map(({ id }) => id).sort())
      }),
    )
  })
})
