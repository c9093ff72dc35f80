import { describe, expect, it } from 'vitest'
import { planFor } from '../../../../src/embedded/mongo/query/plan.js'
import { sortOf } from '../../../../src/embedded/mongo/query/sort.js'
import type { Collection, Index } from '../../../../src/embedded/mongo/store/catalogue.js'

const index = (space: number, key: Record<string, 1 | -1>, more: Partial<Index> = {}): Index => ({
  name: Object.keys(key).join('_'),
  key: Object.entries(key),
  unique: false,
  sparse: false,
  space,
  multikey: false,
  shortened: false,
  ...more,
})

const collection: Collection = {
  namespace: 'db.c',
  space: 1,
  uuid: 'u',
  longIds: false,
  indexes: [index(2, { a: 1, b: -1 }), index(3, { c: 1 }, { sparse: true }), index(4, { tags: 1 }, { multikey: true })],
}

/** [index, number of ranges, whether the whole index or collection is read, whether it comes sorted, backwards] */
const summary = (filter: Record<string, unknown>, sort: Record<string, 1 | -1> = {}) => {
  const plan = planFor(collection, filter, sortOf(sort))
  const whole = plan.ranges.some(({ start }) => start.length === 5)
  return [plan.index?.name ?? '_id', plan.ranges.length, whole, plan.sorted, plan.reverse]
}

describe('a plan', () => {
  it.each<[string, ReturnType<typeof summary>, ReturnType<typeof summary>]>([
    ['looks documents up by _id', summary({ _id: 5, a: 1 }), ['_id', 1, false, true, false]],
    ['looks each of several up once', summary({ _id: { $in: [1, 2, 1] } }), ['_id', 2, false, true, false]],
    ['reads a range of _id', summary({ _id: { $gt: 5 } }), ['_id', 1, false, true, false]],
    ['reads all where nothing helps', summary({ z: 1 }), ['_id', 1, true, true, false]],
    ['sorts by _id without sorting', summary({ z: 1 }, { _id: -1 }), ['_id', 1, true, true, true]],
    ['takes equal fields of an index', summary({ a: 1 }), ['a_b', 1, false, true, false]],
    ['takes several values', summary({ a: { $in: [1, 2] }, b: 3 }), ['a_b', 2, false, true, false]],
    ['takes a range behind equal fields', summary({ a: 1, b: { $lt: 5 } }), ['a_b', 1, false, true, false]],
    ['finds what is inside $and', summary({ $and: [{ a: 1 }, { z: 2 }] }), ['a_b', 1, false, true, false]],
    ['does not trust $or', summary({ $or: [{ a: 1 }, { z: 2 }] }), ['_id', 1, true, true, false]],
    ['does not look arrays up', summary({ a: [1, 2] }), ['_id', 1, true, true, false]],
    ['takes the order of an index', summary({ a: 1 }, { b: 1 }), ['a_b', 1, false, true, true]],
    ['takes it without a filter', summary({}, { a: 1, b: -1 }), ['a_b', 1, true, true, false]],
    ['sorts what an index has in another order', summary({}, { a: 1, b: 1 }), ['_id', 1, true, false, false]],
    ['keeps off a sparse index for null', summary({ c: null }), ['_id', 1, true, true, false]],
    ['keeps off a sparse index to sort', summary({}, { c: 1 }), ['_id', 1, true, false, false]],
    ['uses a sparse index for a value', summary({ c: 1 }), ['c', 1, false, true, false]],
    ['does not sort by an index of array items', summary({ tags: 'x' }, { tags: 1 }), ['tags', 1, false, false, false]],
  ])('%s', (_name, plan, expected) => {
    expect(plan).toEqual(expected)
  })
})
