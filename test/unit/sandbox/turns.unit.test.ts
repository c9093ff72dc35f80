import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createTurns } from '../../../src/execution/sandbox/turns.js'

const item = (group: string, name: number) => ({ group, name })
const take = <Item>(next: () => Item | undefined): Item[] => {
  const taken: Item[] = []
  for (let item = next(); item !== undefined; item = next()) taken.push(item)
  return taken
}

describe('turns', () => {
  it('go round among groups, first in first out in each', () => {
    const turns = createTurns<{ group: string; name: number }>({ atOnce: 9, waiting: 9 })
    for (const joined of [item('a', 1), item('a', 2), item('a', 3), item('b', 4), item('c', 5), item('b', 6)]) {
      turns.join(joined)
    }
    expect(take(turns.next).map(({ name }) => name)).toEqual([1, 4, 5, 2, 6, 3])
  })

  it('are each their own where they name no group', () => {
    const turns = createTurns<{ group?: string; name: number }>({ atOnce: 1, waiting: 1 })
    for (const name of [1, 2, 3]) expect(turns.join({ name })).toBe(true)
    expect(take(turns.next).map(({ name }) => name)).toEqual([1, 2, 3])
  })

  it('give every waiting one its turn, and no group more at once than it may have', () => {
    const joins = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 60 })
    fc.assert(
      fc.property(joins, fc.integer({ min: 1, max: 3 }), fc.nat({ max: 5 }), (groups, atOnce, left) => {
        const turns = createTurns<{ group: string; name: number }>({ atOnce, waiting: 100 })
        const items = groups.map(item)
        for (const joined of items) turns.join(joined)
        const gone = items[left]
        if (gone !== undefined) expect([turns.leave(gone), turns.leave(gone)]).toEqual([true, false])
        const had: typeof items = []
        for (let now = take(turns.next); now.length > 0; now = take(turns.next)) {
          for (const group of ['a', 'b', 'c']) {
            expect(now.filter((each) => each.group === group).length).toBeLessThanOrEqual(atOnce)
          }
          had.push(...now)
          for (const each of now) turns.over(each)
        }
        expect(new Set(had)).toEqual(new Set(items.filter((each) => each !== gone)))
      }),
    )
  })

  it('refuse a group that has too many waiting, and only it', () => {
    const turns = createTurns<{ group: string; name: number }>({ atOnce: 1, waiting: 2 })
    const joined = ['a', 'a', 'a', 'b'].map((group, name) => turns.join(item(group, name)))
    expect(joined).toEqual([true, true, false, true])
    expect(turns.clear().map(({ name }) => name)).toEqual([0, 1, 3])
    expect(turns.next()).toBeUndefined()
  })
})
