import { type Collection, type Document, Double, Int32, Long, ObjectId } from 'mongodb'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type MongoUnderTest, openMongoUnderTest } from '../../../support/embedded/mongoUnderTest.js'

let mongo: MongoUnderTest
let things: Collection<Document>

beforeAll(async () => {
  mongo = await openMongoUnderTest()
  things = mongo.client.db(mongo.databaseName).collection('things')
})
beforeEach(() => things.drop())
afterAll(() => mongo.close())

const typed = { promoteValues: false, promoteLongs: false }

describe('insert', () => {
  it('gives an _id, puts it in front, and returns documents as they came', async () => {
    const document = { b: [1, { c: null }], at: new Date(1), big: Long.MAX_VALUE, d: new Double(3), o: { z: 1, a: 2 } }
    await mongo.client.db(mongo.databaseName).command({ insert: 'things', documents: [document] })
    const found = await things.findOne({}, typed)
    expect(Object.keys(found ?? {})).toEqual(['_id', 'b', 'at', 'big', 'd', 'o'])
    expect(found?._id).toBeInstanceOf(ObjectId)
    expect(found?.big).toEqual(Long.MAX_VALUE)
    expect(found?.d).toEqual(new Double(3))
    expect(Object.keys(found?.o)).toEqual(['z', 'a'])
  })

  it('names the key of a duplicate, and stops there or goes on as asked', async () => {
    await things.insertOne({ _id: 1 as never })
    const batch = () => [{ _id: 2 }, { _id: 1 }, { _id: 3 }] as never[]
    await expect(things.insertMany(batch())).rejects.toMatchObject({ code: 11000, result: { insertedCount: 1 } })
    await things.deleteOne({ _id: 2 as never })
    await expect(things.insertMany(batch(), { ordered: false })).rejects.toMatchObject({ result: { insertedCount: 2 } })
    await expect(things.insertOne({ _id: 1 as never })).rejects.toMatchObject({
      code: 11000,
      keyPattern: { _id: 1 },
      keyValue: { _id: 1 },
    })
    expect(await things.countDocuments()).toBe(3)
  })

  it.each<[string, unknown]>([
    ['an array', [1]],
    ['a pattern', /x/],
  ])('refuses %s as _id', async (_name, _id) => {
    await expect(things.insertOne({ _id } as never)).rejects.toMatchObject({ name: 'MongoServerError' })
  })

  it('takes thousands of documents at once, and a large one', async () => {
    await things.insertMany(Array.from({ length: 5_000 }, (_, n) => ({ n })))
    await things.insertOne({ text: 'x'.repeat(15_000_000) })
    expect(await things.estimatedDocumentCount()).toBe(5_001)
  })
})

describe('update', () => {
  const before = { _id: 1, n: 1, l: Long.fromNumber(5), d: new Double(2), list: [1, 2], sub: { a: 1 } }

  it.each<[Document, Document]>([
    [{ $set: { n: 2, 'sub.b': 1 } }, { n: 2, sub: { a: 1, b: 1 } }],
    [{ $unset: { sub: '' } }, { sub: undefined }],
    [{ $inc: { n: 4, fresh: 2 } }, { n: 5, fresh: 2 }],
    [{ $inc: { l: 1 } }, { l: Long.fromNumber(6) }],
    [{ $inc: { n: Long.fromNumber(2 ** 31) } }, { n: Long.fromNumber(2 ** 31 + 1) }],
    [{ $inc: { n: Long.fromNumber(1) } }, { n: Long.fromNumber(2) }],
    [{ $mul: { d: 3 } }, { d: new Double(6) }],
    [{ $set: { l: Long.fromNumber(9), d: new Double(1) } }, { l: Long.fromNumber(9), d: new Double(1) }],
    [{ $push: { list: { $each: [3, 4], $slice: -3 } } }, { list: [2, 3, 4] }],
    [{ $addToSet: { list: 2 } }, { list: [1, 2] }],
    [{ $pull: { list: { $gt: 1 } } }, { list: [1] }],
    [{ $pop: { list: -1 } }, { list: [2] }],
    [{ $min: { n: 0 }, $max: { d: 9 } }, { n: 0 }],
    [{ $rename: { n: 'm' } }, { n: undefined, m: 1 }],
    [{ $set: { _id: 1, n: 3 } }, { n: 3 }],
  ])('%o', async (change, expected) => {
    await things.insertOne({ ...before } as never)
    expect(await things.updateOne({ _id: 1 as never }, change)).toMatchObject({ matchedCount: 1 })
    const found = await things.findOne({}, typed)
    for (const [field, value] of Object.entries(expected)) {
      const wanted = JSON.parse(JSON.stringify(value ?? null))
      expect(JSON.parse(JSON.stringify(found?.[field] ?? null))).toEqual(wanted)
      if (value instanceof Long || value instanceof Double) expect(found?.[field]).toBeInstanceOf(value.constructor)
    }
    const untouched = Object.keys(before).filter((field) => !JSON.stringify(change).includes(`"${field}`))
    for (const field of untouched) expect(found?.[field]).toEqual(reread(before)[field])
  })

  const reread = (document: Document): Document => ({
    ...document,
    _id: new Int32(document._id),
    n: new Int32(document.n),
    list: document.list.map((n: number) => new Int32(n)),
    sub: { a: new Int32(1) },
  })

  it('counts exactly beyond the range of a double, and refuses an overflow', async () => {
    await things.insertOne({ _id: 1, big: Long.fromString('9007199254740993') } as never)
    await things.updateOne({}, { $inc: { big: 2 } })
    expect((await things.findOne({}))?.big).toEqual(Long.fromString('9007199254740995'))
    await things.updateOne({}, { $set: { big: Long.MAX_VALUE } })
    await expect(things.updateOne({}, { $inc: { big: 1 } })).rejects.toMatchObject({ code: 2 })
  })

  it('changes the elements that match', async () => {
    await things.insertOne({
      _id: 1,
      list: [
        { k: 1, v: 1 },
        { k: 2, v: 1 },
        { k: 3, v: 1 },
      ],
    } as never)
    await things.updateOne({ 'list.k': 2 }, { $set: { 'list.$.v': 7 } })
    await things.updateOne({}, { $inc: { 'list.$[e].v': 1 } }, { arrayFilters: [{ 'e.k': { $gte: 2 } }] })
    expect((await things.findOne({}))?.list.map((item: Document) => item.v)).toEqual([1, 8, 2])
  })

  it.each<[Document, number]>([
    [{ $set: { _id: 2 } }, 66],
    [{ $inc: { text: 1 } }, 14],
    [{ $inc: { n: 'one' } }, 14],
    [{ $push: { n: 1 } }, 2],
    [{ $set: { n: 1 }, $inc: { n: 1 } }, 40],
    [{ $nonsense: { n: 1 } }, 9],
  ])('%o is refused with code %i', async (change, code) => {
    await things.insertOne({ _id: 1, n: 1, text: 'x' } as never)
    const command = { update: 'things', updates: [{ q: {}, u: change }] }
    const reply = await mongo.client.db(mongo.databaseName).command(command)
    expect(reply.writeErrors[0].code).toBe(code)
    expect(await things.findOne({})).toEqual({ _id: 1, n: 1, text: 'x' })
  })

  it('replaces a whole document, but never its _id', async () => {
    await things.insertOne({ _id: 1, a: 1, b: 2 } as never)
    await things.replaceOne({ a: 1 }, { c: Long.fromNumber(3) })
    expect(await things.findOne({}, typed)).toEqual({ _id: new Int32(1), c: Long.fromNumber(3) })
    await expect(things.replaceOne({}, { _id: 2 } as never)).rejects.toMatchObject({ code: 66 })
  })

  it('works on one or all matches, and counts what it changed', async () => {
    await things.insertMany([
      { g: 1, n: 1 },
      { g: 1, n: 2 },
      { g: 2, n: 2 },
    ])
    expect(await things.updateMany({ g: 1 }, { $set: { n: 2 } })).toMatchObject({ matchedCount: 2, modifiedCount: 1 })
    expect(await things.updateOne({ g: 1 }, [{ $set: { n: { $add: ['$n', 1] } } }])).toMatchObject({ modifiedCount: 1 })
    expect(await things.deleteMany({ n: 2 })).toMatchObject({ deletedCount: 2 })
    expect(await things.deleteOne({ g: 1 })).toMatchObject({ deletedCount: 1 })
  })

  it('inserts on an upsert what the filter says and the update sets, once', async () => {
    const upsert = () =>
      things.updateOne({ key: 'k', n: { $gt: 1 } }, { $setOnInsert: { n: 5 }, $inc: { hits: 1 } }, { upsert: true })
    const results = await Promise.all(Array.from({ length: 8 }, upsert))
    expect(results.filter((result) => result.upsertedCount === 1)).toHaveLength(1)
    expect(await things.findOne({}, { projection: { _id: 0 } })).toEqual({ key: 'k', n: 5, hits: 8 })
    const { upsertedId } = await things.replaceOne({ _id: 'own' as never }, { a: 1 }, { upsert: true })
    expect(upsertedId).toBe('own')
  })

  it('loses no increment of many at once', async () => {
    await things.insertOne({ _id: 1, n: 0 } as never)
    await Promise.all(Array.from({ length: 40 }, () => things.updateOne({ n: { $gte: 0 } }, { $inc: { n: 1 } })))
    expect(await things.findOne({})).toEqual({ _id: 1, n: 40 })
  })
})

describe('findOneAnd…', () => {
  it('returns the document before or after, in order, and each one only once', async () => {
    await things.insertMany([3, 1, 2].map((n) => ({ _id: n, taken: false }) as never))
    const take = () => things.findOneAndUpdate({ taken: false }, { $set: { taken: true } }, { sort: { _id: 1 } })
    const taken = await Promise.all([take(), take(), take(), take()])
    expect(taken.map((document) => document?._id).sort()).toEqual([1, 2, 3, undefined])
    const options = { returnDocument: 'after', projection: { _id: 0 } } as const
    expect(await things.findOneAndUpdate({ _id: 1 as never }, { $set: { x: 1 } }, options)).toEqual({
      taken: true,
      x: 1,
    })
    expect(
      await things.findOneAndReplace({ _id: 9 as never }, { y: 1 }, { upsert: true, returnDocument: 'after' }),
    ).toEqual({ _id: 9, y: 1 })
    expect(await things.findOneAndDelete({ _id: 2 as never })).toEqual({ _id: 2, taken: true })
    expect(await things.findOneAndDelete({ _id: 2 as never })).toBeNull()
  })
})
