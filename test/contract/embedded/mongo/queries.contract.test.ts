import { Binary, type Collection, Decimal128, type Document, Long, ObjectId } from 'mongodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type MongoUnderTest, openMongoUnderTest } from '../../../support/embedded/mongoUnderTest.js'

const oid = new ObjectId('64b000000000000000000001')
const BIG = Long.fromString('9007199254740993')

const DOCUMENTS: Document[] = [
  { _id: 1, n: 5, s: 'a', tags: ['x', 'y'], sub: { k: 1 }, at: new Date(0) },
  { _id: 2, n: 2.5, s: 'b', tags: [], sub: { k: 2 } },
  {
    _id: 3,
    n: Long.fromNumber(7),
    s: 'a',
    tags: ['y'],
    items: [
      { p: 1, q: 'u' },
      { p: 5, q: 'v' },
    ],
  },
  { _id: 4, n: null, s: 'é', items: [{ p: 9, q: 'u' }] },
  { _id: 5, s: 'c', n: BIG },
  { _id: 6, s: 'b', n: -3, tags: 'x', at: new Date(5_000) },
  { _id: 'seven', n: [1, 10], s: 'a\0b' },
  { _id: oid, n: Decimal128.fromString('2.75'), flag: true },
  { _id: 9, n: 5, s: 'a', flag: false, bin: new Binary(Buffer.from([1, 2])) },
]

/** Filter, then the `_id`s that MongoDB finds. */
const FILTERS: [Document, unknown[]][] = [
  [{}, [1, 2, 3, 4, 5, 6, 9, 'seven', oid]],
  [{ _id: 3 }, [3]],
  [{ _id: Long.fromNumber(3) }, [3]],
  [{ _id: { $in: ['seven', 1, 99, oid] } }, [1, 'seven', oid]],
  [{ _id: { $gt: 4, $lte: 9 } }, [5, 6, 9]],
  [{ n: 5 }, [1, 9]],
  [{ n: 7 }, [3]],
  [{ n: BIG }, [5]],
  [{ n: { $gt: 2.5 } }, [1, 3, 5, 9, 'seven', oid]],
  [{ n: { $gte: 2.5, $lt: 5 } }, [2, 'seven', oid]],
  [{ n: { $gt: 2, $lt: 9 } }, [1, 2, 3, 9, 'seven', oid]],
  [{ n: null }, [4]],
  [{ tags: null }, [3, 4, 5, 9, 'seven', oid].slice(1)],
  [{ n: { $in: [5, -3] } }, [1, 6, 9]],
  [{ n: { $ne: 5 } }, [2, 3, 4, 5, 6, 'seven', oid]],
  [{ s: 'a', n: 5 }, [1, 9]],
  [{ s: 'a', n: { $gt: 5 } }, [3]],
  [{ s: { $gte: 'b' } }, [2, 4, 5, 6]],
  [{ s: 'a\0b' }, ['seven']],
  [{ s: /^a$/ }, [1, 3, 9]],
  [{ s: { $in: ['a', 'c'] }, n: { $lt: 6 } }, [1, 9]],
  [{ tags: 'x' }, [1, 6]],
  [{ tags: { $all: ['x', 'y'] } }, [1]],
  [{ tags: { $size: 0 } }, [2]],
  [{ 'sub.k': { $gte: 1 } }, [1, 2]],
  [{ sub: { k: 2 } }, [2]],
  [{ items: { $elemMatch: { p: { $gt: 4 }, q: 'v' } } }, [3]],
  [{ 'items.p': { $gt: 4 } }, [3, 4]],
  [{ 'items.q': 'u' }, [3, 4]],
  [{ at: { $gte: new Date(1) } }, [6]],
  [{ flag: { $exists: true } }, [9, oid]],
  [{ bin: new Binary(Buffer.from([1, 2])) }, [9]],
  [{ $or: [{ n: 5 }, { s: 'b' }] }, [1, 2, 6, 9]],
  [{ $and: [{ s: 'a' }, { $nor: [{ n: 5 }] }] }, [3]],
  [{ n: { $not: { $gt: 0 } } }, [4, 6]],
  [{ $expr: { $eq: ['$s', 'c'] } }, [5]],
]

const SORTS: [Document, unknown[]][] = [
  [{ _id: 1 }, [1, 2, 3, 4, 5, 6, 9, 'seven', oid]],
  [{ _id: -1 }, [oid, 'seven', 9, 6, 5, 4, 3, 2, 1]],
  [{ n: 1, _id: 1 }, [4, 6, 'seven', 2, oid, 1, 9, 3, 5]],
  [{ n: -1, _id: 1 }, [5, 'seven', 3, 1, 9, oid, 2, 6, 4]],
  [{ s: 1, n: -1, _id: 1 }, [oid, 3, 1, 9, 'seven', 2, 6, 5, 4]],
  [{ s: -1, n: 1, _id: 1 }, [4, 5, 6, 2, 'seven', 1, 9, 3, oid]],
  [{ 'sub.k': -1, _id: -1 }, [2, 1, oid, 'seven', 9, 6, 5, 4, 3]],
]

const INDEXES: Record<string, Document[]> = {
  'no index': [],
  'single indexes': [{ n: 1 }, { s: -1 }, { tags: 1 }, { 'items.p': 1 }, { 'sub.k': -1 }, { at: 1 }],
  'compound indexes': [
    { s: 1, n: -1, _id: 1 },
    { n: -1, _id: 1 },
    { 'items.q': 1, s: 1 },
  ],
}

const ids = async (cursor: { toArray(): Promise<Document[]> }): Promise<unknown[]> =>
  (await cursor.toArray()).map((document) => document._id)

const byName = (values: unknown[]): string[] => values.map(String).sort()

describe.each(Object.entries(INDEXES))('with %s', (name, indexes) => {
  let mongo: MongoUnderTest
  let collection: Collection
  beforeAll(async () => {
    mongo = await openMongoUnderTest()
    collection = mongo.client.db(mongo.databaseName).collection(name.replace(' ', '_'))
    for (const index of indexes) await collection.createIndex(index as never)
    await collection.insertMany(DOCUMENTS.map((document) => ({ ...document })))
  })
  afterAll(() => mongo.close())

  it.each(FILTERS)('%o finds its documents', async (filter, expected) => {
    expect(byName(await ids(collection.find(filter)))).toEqual(byName(expected))
    expect(await collection.countDocuments(filter)).toBe(expected.length)
  })

  it.each(SORTS)('%o orders the documents', async (sort, expected) => {
    expect((await ids(collection.find().sort(sort as never))).map(String)).toEqual(expected.map(String))
    expect(
      (
        await ids(
          collection
            .find()
            .sort(sort as never)
            .skip(2)
            .limit(3),
        )
      ).map(String),
    ).toEqual(expected.slice(2, 5).map(String))
  })

  it('keeps numbers in their type, also through a projection', async () => {
    const options = { promoteValues: false, projection: { n: 1, _id: 0 } }
    const [five, seven, big, decimal] = await Promise.all(
      [1, 3, 5, oid].map(async (id) => (await collection.findOne({ _id: id as never }, options))?.n?._bsontype),
    )
    expect([five, seven, big, decimal]).toEqual(['Int32', 'Long', 'Long', 'Decimal128'])
    expect((await collection.findOne({ _id: 5 as never }))?.n).toEqual(BIG)
  })
})

describe('projections', () => {
  let mongo: MongoUnderTest
  beforeAll(async () => {
    mongo = await openMongoUnderTest()
  })
  afterAll(() => mongo.close())

  it.each<[Document, Document]>([
    [{ a: 1 }, { _id: 1, a: 1 }],
    [{ a: 1, _id: 0 }, { a: 1 }],
    [{ 'b.c': 1 }, { _id: 1, b: { c: 2 } }],
    [
      { b: 0, list: 0 },
      { _id: 1, a: 1 },
    ],
    [
      { 'list.p': 0, a: 0, b: 0 },
      { _id: 1, list: [{ q: 1 }, { q: 2 }] },
    ],
    [{ 'list.p': 1, _id: 0 }, { list: [{ p: 1 }, { p: 2 }] }],
    [
      { list: { $slice: 1 }, a: 0, b: 0 },
      { _id: 1, list: [{ p: 1, q: 1 }] },
    ],
    [{ list: { $elemMatch: { q: 2 } } }, { _id: 1, list: [{ p: 2, q: 2 }] }],
  ])('%o', async (projection, expected) => {
    const collection = mongo.client.db(mongo.databaseName).collection('projections')
    const list = [
      { p: 1, q: 1 },
      { p: 2, q: 2 },
    ]
    await collection.replaceOne({ _id: 1 as never }, { a: 1, b: { c: 2, d: 3 }, list }, { upsert: true })
    expect(await collection.findOne({}, { projection })).toEqual(expected)
  })

  it('are refused when they mix inclusion and exclusion', async () => {
    const collection = mongo.client.db(mongo.databaseName).collection('projections')
    await expect(collection.findOne({}, { projection: { a: 1, b: 0 } })).rejects.toMatchObject({
      name: 'MongoServerError',
    })
  })
})
