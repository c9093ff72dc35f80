import type { Db, Document } from 'mongodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type MongoUnderTest, openMongoUnderTest } from '../../../support/embedded/mongoUnderTest.js'

let mongo: MongoUnderTest
let db: Db

beforeAll(async () => {
  mongo = await openMongoUnderTest()
  db = mongo.client.db(mongo.databaseName)
})
afterAll(() => mongo.close())

describe('the server', () => {
  it('presents itself as a standalone', async () => {
    const hello = await db.command({ hello: 1 })
    expect(hello).toMatchObject({ isWritablePrimary: true, maxBsonObjectSize: 16_777_216, readOnly: false, ok: 1 })
    expect(hello).not.toHaveProperty('setName')
    expect(await db.command({ ping: 1 })).toMatchObject({ ok: 1 })
  })

  it.each<[Document, number]>([
    [{ frobnicate: 1 }, 59],
    [{ find: 'c', frobnicate: 1 }, 40415],
    [{ find: 'c', filter: 5 }, 14],
    [{ find: 'c', filter: { $frobnicate: 1 } }, 2],
    [{ find: 'c', filter: { a: { $frobnicate: 1 } } }, 2],
    [{ find: 'c', limit: -1 }, 2],
    [{ aggregate: 'c', pipeline: [{ $frobnicate: {} }], cursor: {} }, 40324],
    [{ aggregate: 'c', pipeline: [] }, 9],
    [{ aggregate: 'c', pipeline: [{ $sample: { size: -1 } }], cursor: {} }, 28747],
    [{ aggregate: 'c', pipeline: [{ $sample: { size: 0.5 } }], cursor: {} }, 28747],
    [{ getMore: 5n, collection: 'c' }, 43],
    [{ listIndexes: 'none' }, 26],
    [{ dropIndexes: 'none', index: 'x' }, 26],
    [{ create: 'a$b' }, 73],
    [{ createIndexes: 'c', indexes: [{ key: { a: 'frob' }, name: 'x' }] }, 67],
  ])('refuses %o with code %i', async (command, code) => {
    await expect(db.command(command)).rejects.toMatchObject({ code })
  })

  it('refuses transactions as a standalone does', async () => {
    const session = mongo.client.startSession()
    session.startTransaction()
    await expect(db.collection('c').insertOne({ a: 1 }, { session })).rejects.toMatchObject({
      errorResponse: { originalError: { code: 20 } },
    })
    await session.abortTransaction().catch(() => undefined)
    await session.endSession()
    expect(await db.collection('c').countDocuments()).toBe(0)
  })

  it('refuses documents that are nested too deeply, and lives on', async () => {
    let deep: Document = {}
    for (let level = 0; level < 1_000; level++) deep = { d: deep }
    await expect(db.collection('deep').insertOne(deep)).rejects.toMatchObject({ code: 15 })
    expect(await db.command({ ping: 1 })).toMatchObject({ ok: 1 })
  })

  it('gives up on a search at its time limit', async () => {
    const slow = db.collection('slow')
    await slow.insertMany(Array.from({ length: 20_000 }, (_, n) => ({ n, text: 'x'.repeat(50) })))
    const filter = { $expr: { $regexMatch: { input: '$text', regex: 'y$' } } }
    await expect(slow.find(filter, { maxTimeMS: 1 }).toArray()).rejects.toMatchObject({ code: 50 })
  })
})

describe('cursors', () => {
  it('bring everything, in batches of the size that is asked for', async () => {
    const many = db.collection<Document>('many')
    await many.insertMany(Array.from({ length: 250 }, (_, n) => ({ _id: n }) as never))
    for (const batchSize of [0, 1, 7, 250, 1_000]) {
      const found = await many.find({}, { batchSize, sort: { _id: -1 } }).toArray()
      expect(found.map(({ _id }) => _id)).toEqual(Array.from({ length: 250 }, (_, n) => 249 - n))
    }
    const { cursor } = await db.command({ find: 'many', batchSize: 10 })
    expect(cursor.firstBatch).toHaveLength(10)
    expect(await db.command({ killCursors: 'many', cursors: [cursor.id] })).toMatchObject({
      cursorsKilled: [cursor.id],
    })
    await expect(db.command({ getMore: cursor.id, collection: 'many' })).rejects.toMatchObject({ code: 43 })
  })

  it('never put more than 16 MB into a batch', async () => {
    const large = db.collection('large')
    for (let n = 0; n < 5; n++) await large.insertOne({ n, text: 'x'.repeat(6_000_000) })
    const { cursor } = await db.command({ find: 'large' })
    expect(cursor.firstBatch.length).toBe(2)
    expect(await large.find().toArray()).toHaveLength(5)
    await large.drop()
  })

  it('do not see a document twice, nor end, when it moves in the index that they walk', async () => {
    const moving = db.collection('moving')
    await moving.createIndex({ n: 1 })
    await moving.insertMany(Array.from({ length: 300 }, (_, n) => ({ n })))
    expect(await moving.updateMany({ n: { $gte: 0 } }, { $inc: { n: 1_000 } })).toMatchObject({ modifiedCount: 300 })
  })
})

describe('aggregation', () => {
  it.each<[Document[], Document[]]>([
    [[{ $match: { g: 'a' } }, { $sort: { n: -1 } }, { $limit: 1 }, { $project: { _id: 0, n: 1 } }], [{ n: 3 }]],
    [
      [{ $group: { _id: '$g', sum: { $sum: '$n' } } }, { $sort: { _id: 1 } }],
      [
        { _id: 'a', sum: 4 },
        { _id: 'b', sum: 2 },
      ],
    ],
    [[{ $match: { g: 'a' } }, { $count: 'n' }], [{ n: 2 }]],
    [[{ $match: { g: 'none' } }, { $count: 'n' }], []],
    [[{ $sort: { n: 1 } }, { $skip: 1 }, { $limit: 1 }], [{ _id: 2, g: 'b', n: 2 }]],
    [
      [
        { $match: { _id: 1 } },
        { $lookup: { from: 'numbers', localField: 'g', foreignField: 'g', as: 'same' } },
        { $project: { k: { $size: '$same' } } },
      ],
      [{ _id: 1, k: 2 }],
    ],
  ])('%o', async (pipeline, expected) => {
    const numbers = db.collection<Document>('numbers')
    await numbers.drop()
    await numbers.insertMany([
      { _id: 1, g: 'a', n: 1 },
      { _id: 2, g: 'b', n: 2 },
      { _id: 3, g: 'a', n: 3 },
    ] as never[])
    expect(await numbers.aggregate(pipeline).toArray()).toEqual(expected)
    expect(await numbers.distinct('g')).toEqual(['a', 'b'])
  })

  it('draws each document once at most', async () => {
    const drawn = db.collection<{ _id: number }>('drawn')
    await drawn.insertMany(Array.from({ length: 9 }, (_, _id) => ({ _id })))
    const sample = async (size: number) =>
      (await drawn.aggregate<{ _id: number }>([{ $sample: { size } }]).toArray()).map(({ _id }) => _id)
    expect((await sample(20)).sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
    expect(new Set(await sample(5)).size).toBe(5)
  })
})

describe('indexes', () => {
  it('that are unique are enforced: on insert, on update, and when they are made', async () => {
    const users = db.collection<Document>('users')
    await users.insertMany([
      { _id: 1, mail: 'a', org: 1 },
      { _id: 2, mail: 'a', org: 2 },
    ] as never[])
    await expect(users.createIndex({ mail: 1 }, { unique: true })).rejects.toMatchObject({ code: 11000 })
    await users.createIndex({ org: 1, mail: 1 }, { unique: true })
    await expect(users.insertOne({ mail: 'a', org: 1 })).rejects.toMatchObject({
      code: 11000,
      keyPattern: { org: 1, mail: 1 },
      keyValue: { org: 1, mail: 'a' },
    })
    await expect(users.updateOne({ _id: 2 as never }, { $set: { org: 1 } })).rejects.toMatchObject({ code: 11000 })
    await users.updateOne({ _id: 2 as never }, { $set: { org: 3 } })
    await users.insertOne({ mail: 'a', org: 2 })
    expect(await users.countDocuments({ mail: 'a', org: { $gte: 2 } })).toBe(2)
  })

  it('that are sparse skip documents without the field', async () => {
    const sparse = db.collection<Document>('sparse')
    await sparse.createIndex({ token: 1 }, { unique: true, sparse: true })
    await sparse.insertMany([{ a: 1 }, { a: 2 }, { token: 't' }])
    await expect(sparse.insertOne({ token: 't' })).rejects.toMatchObject({ code: 11000 })
    expect(await sparse.countDocuments({ token: null })).toBe(2)
  })

  it('are listed, kept when made again, and dropped', async () => {
    const listed = db.collection('listed')
    await listed.createIndex({ a: 1, b: -1 })
    await listed.createIndex({ a: 1, b: -1 })
    await expect(listed.createIndex({ a: 1, b: -1 }, { unique: true, name: 'other' })).rejects.toMatchObject({
      code: 85,
    })
    await expect(listed.createIndex({ c: 1 }, { name: 'a_1_b_-1' })).rejects.toMatchObject({ code: 86 })
    expect((await listed.indexes()).map(({ name, key }) => [name, key])).toEqual([
      ['_id_', { _id: 1 }],
      ['a_1_b_-1', { a: 1, b: -1 }],
    ])
    await listed.dropIndex('a_1_b_-1')
    await expect(listed.dropIndex('a_1_b_-1')).rejects.toMatchObject({ code: 27 })
    await expect(listed.dropIndex('_id_')).rejects.toMatchObject({ code: 72 })
  })

  it('hold keys that are longer than a key of the store', async () => {
    const long = db.collection<Document>('long')
    await long.createIndex({ text: 1 }, { unique: true })
    const text = (end: string) => 'long '.repeat(1_000) + end
    await long.insertMany([
      { _id: text('b'), text: text('b') },
      { _id: text('a'), text: text('a') },
    ] as never[])
    await expect(long.insertOne({ text: text('a') })).rejects.toMatchObject({ code: 11000 })
    expect(await long.countDocuments({ _id: text('a') as never })).toBe(1)
    expect(await long.countDocuments({ text: { $gt: text('a') } })).toBe(1)
    expect((await long.find().sort({ text: 1 }).toArray()).map((document) => document.text.at(-1))).toEqual(['a', 'b'])
    expect((await long.find().sort({ _id: 1 }).toArray()).map((document) => document.text.at(-1))).toEqual(['a', 'b'])
  })
})

describe('collections', () => {
  it('are made, listed, renamed and dropped', async () => {
    await db.createCollection('first')
    await expect(db.createCollection('first')).rejects.toMatchObject({ code: 48 })
    await db.collection('second').insertOne({ a: 1 })
    await expect(db.collection('second').rename('first')).rejects.toMatchObject({ code: 48 })
    await db.collection('second').rename('first', { dropTarget: true })
    expect(await db.collection('first').countDocuments({ a: 1 })).toBe(1)
    await expect(db.collection('none').rename('other')).rejects.toMatchObject({ code: 26 })
    const names = (await db.listCollections({ name: /^(first|second)$/ }).toArray()).map(({ name }) => name)
    expect(names).toEqual(['first'])
    expect((await mongo.client.db().admin().listDatabases({ nameOnly: true })).databases).toContainEqual({
      name: mongo.databaseName,
    })
    await db.collection('first').drop()
    expect(await db.collection('first').countDocuments()).toBe(0)
  })

  it('go with their database', async () => {
    const other = mongo.client.db(`${mongo.databaseName}_other`)
    await other.collection('c').insertOne({ a: 1 })
    await other.dropDatabase()
    expect(await other.listCollections().toArray()).toEqual([])
  })
})

it('carries out writes that nobody waits for', async () => {
  const quick = mongo.client.db(mongo.databaseName, { writeConcern: { w: 0 } }).collection('quick')
  await quick.insertOne({ a: 1 })
  await expect.poll(() => db.collection('quick').countDocuments()).toBe(1)
})
