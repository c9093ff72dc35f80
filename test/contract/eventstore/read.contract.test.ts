import {
  BACKWARDS,
  binaryEvent,
  END,
  type EventData,
  type EventStoreDBClient,
  excludeSystemEvents,
  FORWARDS,
  jsonEvent,
  type Position,
  type ReadRevision,
  START,
} from '@eventstore/db-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openContractServer } from '../../support/eventstore/contractServer.js'
import { collect, numbered, rejection } from '../../support/eventstore/events.js'
import { linkTo } from '../../support/eventstore/links.js'
import { newStream } from '../../support/eventstore/server.js'

let client: EventStoreDBClient
let stop: () => Promise<void>
beforeAll(async () => {
  ;({ client, stop } = await openContractServer())
})
afterAll(() => stop())

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

const streamOf = async (count: number) => {
  const stream = newStream()
  await client.appendToStream(stream, numbered(count))
  return stream
}

const revisions = async (...args: Parameters<EventStoreDBClient['readStream']>) =>
  (await collect(client.readStream(...args))).map(({ event }) => Number(event?.revision))

describe('a stream of ten events', () => {
  const ranges: [typeof FORWARDS | typeof BACKWARDS, ReadRevision, number | undefined, number[]][] = [
    [FORWARDS, START, undefined, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
    [FORWARDS, START, 3, [0, 1, 2]],
    [FORWARDS, 7n, undefined, [7, 8, 9]],
    [FORWARDS, 7n, 1, [7]],
    [FORWARDS, 10n, undefined, []],
    [FORWARDS, 9_999n, undefined, []],
    [FORWARDS, END, undefined, []],
    [BACKWARDS, END, undefined, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]],
    [BACKWARDS, END, 1, [9]],
    [BACKWARDS, 2n, undefined, [2, 1, 0]],
    [BACKWARDS, 2n, 2, [2, 1]],
    [BACKWARDS, 9_999n, 2, [9, 8]],
    [BACKWARDS, START, undefined, [0]],
  ]

  test.each(ranges)('read %s from %s, at most %s, gives %s', async (direction, fromRevision, maxCount, expected) => {
    const stream = await streamOf(10)
    const options = { direction, fromRevision, ...(maxCount === undefined ? {} : { maxCount }) }
    expect(await revisions(stream, options)).toEqual(expected)
  })
})

test('a long stream is read whole, both ways', async () => {
  const stream = newStream()
  for (let from = 0; from < 3_000; from += 1_000) await client.appendToStream(stream, numbered(1_000, 'Counted', from))
  const forwards = await revisions(stream)
  expect(forwards).toEqual(Array.from({ length: 3_000 }, (_, index) => index))
  expect(await revisions(stream, { direction: BACKWARDS, fromRevision: END })).toEqual(forwards.reverse())
})

describe('a stream that cannot be read', () => {
  test('that never was is not found', async () => {
    const stream = newStream()
    expect(await rejection(revisions(stream))).toMatchObject({ type: 'stream-not-found', streamName: stream })
  })

  test('that is soft-deleted is not found', async () => {
    const stream = await streamOf(2)
    await client.deleteStream(stream)
    expect(await rejection(revisions(stream))).toMatchObject({ type: 'stream-not-found' })
  })

  test('that is tombstoned is deleted', async () => {
    const stream = await streamOf(2)
    await client.tombstoneStream(stream)
    expect(await rejection(revisions(stream))).toMatchObject({ type: 'stream-deleted', streamName: stream })
  })
})

describe('metadata', () => {
  test('is read back, system keys and others', async () => {
    const stream = await streamOf(1)
    const metadata = {
      maxCount: 3,
      maxAge: 60,
      truncateBefore: 1,
      cacheControl: 5,
      acl: {
        readRoles: ['a', 'b'],
        writeRoles: ['c'],
        deleteRoles: ['d'],
        metaReadRoles: ['e'],
        metaWriteRoles: ['f'],
      },
      mine: { deep: [1] },
    }
    const written = await client.setStreamMetadata(stream, metadata as never)
    expect(written.nextExpectedRevision).toBe(0n)
    const read = await client.getStreamMetadata(stream)
    expect(read.metadata).toMatchObject(metadata)
  })

  test('is absent where none was set', async () => {
    expect((await client.getStreamMetadata(await streamOf(1))).metadata).toBeUndefined()
  })

  test('is written at an expected revision of its own', async () => {
    const stream = await streamOf(3)
    await client.setStreamMetadata(stream, { maxCount: 1 }, { expectedRevision: 'no_stream' })
    const again = client.setStreamMetadata(stream, { maxCount: 2 }, { expectedRevision: 'no_stream' })
    expect(await rejection(again)).toMatchObject({ type: 'wrong-expected-version' })
    await client.setStreamMetadata(stream, { maxCount: 2 }, { expectedRevision: 0n })
    expect(await revisions(stream)).toEqual([1, 2])
  })

  test('shows only its newest event', async () => {
    const stream = newStream()
    for (const maxCount of [1, 2, 3]) await client.setStreamMetadata(stream, { maxCount })
    expect(await revisions(`$$${stream}`)).toEqual([2])
    expect(await revisions(`$$${stream}`, { direction: BACKWARDS, fromRevision: END })).toEqual([2])
  })

  const limits: [string, Record<string, unknown>, number[]][] = [
    ['maxCount shows the newest', { $maxCount: 3 }, [7, 8, 9]],
    ['truncateBefore hides the older', { $tb: 6 }, [6, 7, 8, 9]],
    ['the narrower of both holds', { $maxCount: 2, $tb: 6 }, [8, 9]],
    ['truncateBefore behind the last event hides all', { $tb: 10 }, []],
    ['a maxAge that is not over hides nothing', { $maxAge: 1_000 }, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
    ['values that are not positive count for nothing', { $maxCount: 0, $maxAge: -1 }, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
    ['values of another kind count for nothing', { $maxCount: '3', $tb: null }, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
  ]

  test.each(limits)('%s', async (_, data, expected) => {
    const stream = await streamOf(10)
    await client.appendToStream(`$$${stream}`, [{ ...numbered(1)[0]!, type: '$metadata', data } as never])
    expect(await revisions(stream)).toEqual(expected)
    expect(await revisions(stream, { direction: BACKWARDS, fromRevision: END })).toEqual([...expected].reverse())
  })

  test('truncateBefore beyond the end hides what is appended up to there', async () => {
    const stream = await streamOf(3)
    await client.setStreamMetadata(stream, { truncateBefore: 5 })
    expect(await revisions(stream)).toEqual([])
    expect((await client.appendToStream(stream, numbered(4))).nextExpectedRevision).toBe(6n)
    expect(await revisions(stream)).toEqual([5, 6])
    expect(await revisions(stream, { direction: BACKWARDS, fromRevision: END })).toEqual([6, 5])
  })

  test('maxCount that grows shows again what it had hidden', async () => {
    const stream = await streamOf(5)
    await client.setStreamMetadata(stream, { maxCount: 1 })
    expect(await revisions(stream)).toEqual([4])
    await client.setStreamMetadata(stream, { maxCount: 3 })
    expect(await revisions(stream)).toEqual([2, 3, 4])
  })

  test('maxAge hides what is too old, both ways', async () => {
    const stream = await streamOf(2)
    await client.setStreamMetadata(stream, { maxAge: 1 })
    await pause(1_100)
    await client.appendToStream(stream, numbered(1))
    expect(await revisions(stream)).toEqual([2])
    expect(await revisions(stream, { direction: BACKWARDS, fromRevision: END })).toEqual([2])
  })

  const nonsense: [string, EventData][] = [
    ['is no JSON object', jsonEvent({ type: '$metadata', data: 'not an object' })],
    ['is not JSON by its content type', binaryEvent({ type: '$metadata', data: Buffer.from('{"$maxCount":1}') })],
  ]

  test.each(nonsense)('that %s counts as none', async (_, event) => {
    const stream = await streamOf(2)
    await client.setStreamMetadata(stream, { maxCount: 1 })
    await client.appendToStream(`$$${stream}`, event)
    expect(await revisions(stream)).toEqual([0, 1])
  })

  test('limits reads at both ends of what it leaves', async () => {
    const stream = await streamOf(10)
    await client.setStreamMetadata(stream, { truncateBefore: 4 })
    expect(await revisions(stream, { fromRevision: 2n, maxCount: 2 })).toEqual([4, 5])
    expect(await revisions(stream, { direction: BACKWARDS, fromRevision: 5n })).toEqual([5, 4])
    expect(await revisions(stream, { direction: BACKWARDS, fromRevision: START })).toEqual([])
  })
})

describe('deletion', () => {
  test('keeps numbering when the stream comes back, and hides what was before', async () => {
    const stream = await streamOf(3)
    await client.deleteStream(stream)
    expect((await client.appendToStream(stream, numbered(2))).nextExpectedRevision).toBe(4n)
    expect(await revisions(stream)).toEqual([3, 4])
    expect((await client.getStreamMetadata(stream)).metadata).toMatchObject({ truncateBefore: 3 })
  })

  test('is taken back behind the events that take it back', async () => {
    const stream = await streamOf(1)
    const { position } = await client.deleteStream(stream)
    await client.appendToStream(stream, numbered(2))
    const behind = (await collect(client.readAll({ fromPosition: position! }))).slice(1)
    expect(behind.map(({ event }) => [event?.streamId, event?.type])).toEqual([
      [stream, 'Counted'],
      [stream, 'Counted'],
      [`$$${stream}`, '$metadata'],
    ])
  })

  test('writes exactly the mark of a deletion as metadata', async () => {
    const stream = await streamOf(1)
    await client.setStreamMetadata(stream, { maxCount: 4 })
    await client.deleteStream(stream)
    const [metadata] = await collect(client.readStream(`$$${stream}`))
    // The number is 2^63 - 1, which JSON.parse rounds.
    expect(metadata?.event?.data).toEqual({ $tb: 2 ** 63 })
  })

  test('is undone by metadata, which keeps what was hidden hidden', async () => {
    const stream = await streamOf(2)
    await client.deleteStream(stream)
    await client.setStreamMetadata(stream, { maxCount: 5 })
    await client.appendToStream(stream, numbered(1))
    expect(await revisions(stream)).toEqual([2])
    expect((await client.getStreamMetadata(stream)).metadata).toMatchObject({ maxCount: 5, truncateBefore: 2 })
  })

  test.each(['deleteStream', 'tombstoneStream'] as const)('%s holds to the expected revision', async (method) => {
    const stream = await streamOf(3)
    const error = await rejection(client[method](stream, { expectedRevision: 1n }))
    expect(error).toMatchObject({
      type: 'wrong-expected-version',
      expectedVersion: 1n,
      actualVersion: 2n,
      streamName: stream,
    })
    const none = await rejection(client[method](stream, { expectedRevision: 'no_stream' }))
    expect(none).toMatchObject({ type: 'wrong-expected-version', expectedVersion: -1n })
    const { position } = await client[method](stream, { expectedRevision: 2n })
    expect(position?.commit).toBeGreaterThan(0n)
  })

  const prepared = {
    'never was': async () => newStream(),
    'has three events': () => streamOf(3),
    'has metadata only': async () => {
      const stream = newStream()
      await client.setStreamMetadata(stream, { maxCount: 3 })
      return stream
    },
    'is soft-deleted after three events': async () => {
      const stream = await streamOf(3)
      await client.deleteStream(stream)
      return stream
    },
    'is tombstoned': async () => {
      const stream = await streamOf(1)
      await client.tombstoneStream(stream)
      return stream
    },
  }
  type Answer = 'done' | 'deleted' | bigint
  const answers: [keyof typeof prepared, 'any' | 'no_stream' | bigint, soft: Answer, hard?: Answer][] = [
    ['never was', 'any', -1n, 'done'],
    ['never was', 'no_stream', -1n, 'done'],
    ['never was', 0n, -1n],
    ['has three events', 'any', 'done'],
    ['has three events', 'no_stream', 2n],
    ['has three events', 1n, 2n],
    ['has three events', 2n, 'done'],
    ['has three events', 3n, 2n],
    ['has metadata only', 'any', 'done'],
    ['has metadata only', 'no_stream', 'done'],
    ['has metadata only', 0n, -1n],
    ['is soft-deleted after three events', 'any', 'done'],
    ['is soft-deleted after three events', 'no_stream', 'done'],
    ['is soft-deleted after three events', 1n, 2n],
    ['is soft-deleted after three events', 2n, 'done'],
    ['is soft-deleted after three events', 3n, 2n],
    ['is tombstoned', 'any', 'deleted'],
    ['is tombstoned', 'no_stream', 'deleted'],
    ['is tombstoned', 0n, 'deleted'],
  ]

  test.each(answers)(
    'of a stream that %s, expecting %s: soft %s, hard %s',
    async (state, expected, soft, hard = soft) => {
      const outcomes = [
        ['deleteStream', soft],
        ['tombstoneStream', hard],
      ] as const
      for (const [method, outcome] of outcomes) {
        const stream = await prepared[state]()
        const asked = client[method](stream, { expectedRevision: expected })
        if (outcome === 'done') expect((await asked).position?.commit).toBeGreaterThan(0n)
        else if (outcome === 'deleted') expect(await rejection(asked)).toMatchObject({ type: 'stream-deleted' })
        else expect(await rejection(asked)).toMatchObject({ type: 'wrong-expected-version', actualVersion: outcome })
      }
    },
  )

  test('answers with the position of what it has written', async () => {
    const [deleted, dead] = [await streamOf(1), await streamOf(1)]
    const { position: soft } = await client.deleteStream(deleted)
    const { position: hard } = await client.tombstoneStream(dead)
    const at = async (fromPosition: Position | undefined) =>
      (await collect(client.readAll({ fromPosition: fromPosition!, maxCount: 1 })))[0]?.event
    expect(await at(soft)).toMatchObject({ streamId: `$$${deleted}`, type: '$metadata' })
    expect(await at(hard)).toMatchObject({ streamId: dead, type: '$streamDeleted', revision: 2n ** 63n - 1n })
  })

  test('can be repeated, and followed by a tombstone', async () => {
    const stream = await streamOf(1)
    await client.deleteStream(stream)
    await client.deleteStream(stream, { expectedRevision: 0n })
    await client.tombstoneStream(stream)
    expect(await rejection(revisions(stream))).toMatchObject({ type: 'stream-deleted' })
  })

  test('takes a stream that has only metadata', async () => {
    const stream = newStream()
    await client.setStreamMetadata(stream, { maxCount: 3 })
    await client.deleteStream(stream, { expectedRevision: 'no_stream' })
    expect((await client.appendToStream(stream, numbered(1))).nextExpectedRevision).toBe(0n)
    expect(await revisions(stream)).toEqual([0])
  })

  test.each(['deleteStream', 'tombstoneStream'] as const)(
    '%s refuses streams that cannot be deleted',
    async (method) => {
      for (const stream of ['$all', `$$${await streamOf(1)}`]) {
        expect(await rejection(client[method](stream))).toMatchObject({ type: 'access-denied' })
      }
      for (const stream of ['', '$$']) {
        expect(await rejection(client[method](stream))).toMatchObject({ type: 'unknown' })
      }
    },
  )

  test('of a stream that never was is refused, but a tombstone is written', async () => {
    expect(await rejection(client.deleteStream(newStream()))).toMatchObject({
      type: 'wrong-expected-version',
      expectedVersion: -2n,
      actualVersion: -1n,
    })
    const stream = newStream()
    await client.tombstoneStream(stream)
    expect(await rejection(client.appendToStream(stream, numbered(1)))).toMatchObject({ type: 'stream-deleted' })
    expect(await rejection(client.tombstoneStream(stream))).toMatchObject({ type: 'stream-deleted' })
  })
})

describe('links', () => {
  test('lead to their events where that is asked for', async () => {
    const [target, links] = [await streamOf(3), newStream('links')]
    await client.appendToStream(links, [linkTo(target, 2), linkTo(target, 0)])
    const resolved = await collect(client.readStream(links, { resolveLinkTos: true }))
    expect(resolved.map(({ event, link }) => [event?.streamId, Number(event?.revision), link?.streamId])).toEqual([
      [target, 2, links],
      [target, 0, links],
    ])
    expect(resolved[0]?.commitPosition).toBe(resolved[0]?.link?.position?.commit)
    const plain = await collect(client.readStream(links))
    expect(plain.map(({ event, link }) => [event?.type, link])).toEqual([
      ['$>', undefined],
      ['$>', undefined],
    ])
  })

  const lost: [string, (stream: string) => Promise<unknown>][] = [
    ['beyond the end', async () => undefined],
    ['truncated', (stream) => client.setStreamMetadata(stream, { truncateBefore: 3 })],
    ['beyond maxCount', (stream) => client.setStreamMetadata(stream, { maxCount: 1 })],
    ['expired', (stream) => client.setStreamMetadata(stream, { maxAge: 1 }).then(() => pause(1_100))],
    ['deleted', (stream) => client.deleteStream(stream)],
    ['tombstoned', (stream) => client.tombstoneStream(stream)],
  ]

  test.each(lost)('to an event that is %s have no event', async (how, lose) => {
    const [target, links] = [await streamOf(3), newStream('links')]
    await client.appendToStream(links, linkTo(target, how === 'beyond the end' ? 7 : 1))
    await lose(target)
    const [read] = await collect(client.readStream(links, { resolveLinkTos: true }))
    expect(read?.event).toBeUndefined()
    expect(read?.link?.streamId).toBe(links)
  })

  test('that cannot be parsed come as they are, and links to links are followed once', async () => {
    const [target, links, more] = [await streamOf(1), newStream('links'), newStream('links')]
    await client.appendToStream(links, linkTo(target, 0))
    await client.appendToStream(more, [linkTo(links, 0), { ...linkTo(links, 0), data: Buffer.from('x@y') }])
    const [hop, broken] = await collect(client.readStream(more, { resolveLinkTos: true }))
    expect(hop?.link?.streamId).toBe(more)
    expect(hop?.event?.streamId).toBe(links)
    expect(hop?.event?.type).toBe('$>')
    expect(broken?.event?.type).toBe('$>')
    expect(broken?.link).toBeUndefined()
  })
})

describe('the resolution of a link', () => {
  const pointing = (data: string) => ({ ...linkTo('nowhere', 0), data: Buffer.from(data) })
  const targets: [string, (stream: string) => string, 'lost' | 'unresolved' | 'found'][] = [
    ['splits at the first @', (stream) => `0@${stream}`, 'found'],
    ['finds nothing in a stream that never was', () => `0@${newStream()}@x`, 'lost'],
    ['takes any number of 63 bits', (stream) => `9223372036854775807@${stream}`, 'lost'],
    ['takes no larger number', (stream) => `9223372036854775808@${stream}`, 'unresolved'],
    ['takes no word for a number', (stream) => `first@${stream}`, 'unresolved'],
    ['takes nothing without an @', () => '0', 'unresolved'],
  ]

  test.each(targets)('%s', async (_, dataOf, outcome) => {
    const [target, links] = [`user@${newStream()}`, newStream('links')]
    await client.appendToStream(target, numbered(1))
    const { position } = await client.appendToStream(links, pointing(dataOf(target)))
    const ofStream = collect(client.readStream(links, { resolveLinkTos: true }))
    const ofAll = collect(client.readAll({ resolveLinkTos: true, fromPosition: position!, maxCount: 1 }))
    for (const [read] of await Promise.all([ofStream, ofAll])) {
      const seen = { event: read?.event?.streamId, link: read?.link?.streamId }
      if (outcome === 'found') expect(seen).toEqual({ event: target, link: links })
      else if (outcome === 'lost') expect(seen).toEqual({ event: undefined, link: links })
      else expect(seen).toEqual({ event: links, link: undefined })
    }
  })
})

describe('$all', () => {
  test('has the events of all streams in the order of their appends, hidden ones too', async () => {
    const { position: before } = await client.appendToStream(newStream(), numbered(1))
    const [first, second] = [newStream(), newStream()]
    await client.appendToStream(first, numbered(2))
    await client.appendToStream(second, numbered(1))
    await client.setStreamMetadata(first, { maxCount: 1 })
    await client.deleteStream(second)
    const read = await collect(client.readAll({ fromPosition: before! }))
    const mine = read
      .map(({ event }) => event!)
      .filter(({ streamId }) => streamId.includes(first) || streamId.includes(second))
    expect(mine.map(({ streamId, type }) => [streamId, type])).toEqual([
      [first, 'Counted'],
      [first, 'Counted'],
      [second, 'Counted'],
      [`$$${first}`, '$metadata'],
      [`$$${second}`, '$metadata'],
    ])
  })

  test('includes the position forwards and excludes it backwards', async () => {
    const stream = newStream()
    const { position } = await client.appendToStream(stream, numbered(3))
    const [forwards] = await collect(client.readAll({ fromPosition: position!, maxCount: 1 }))
    expect(forwards?.event?.revision).toBe(2n)
    const [backwards] = await collect(client.readAll({ direction: BACKWARDS, fromPosition: position!, maxCount: 1 }))
    expect(backwards?.event?.revision).toBe(1n)
  })

  test('ends where it is asked to', async () => {
    await client.appendToStream(newStream(), numbered(1))
    expect(await collect(client.readAll({ fromPosition: END, maxCount: 5 }))).toEqual([])
    expect(await collect(client.readAll({ direction: BACKWARDS, fromPosition: START, maxCount: 5 }))).toEqual([])
    expect(await collect(client.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: 3 }))).toHaveLength(3)
  })

  test('is the same both ways', async () => {
    const forwards = (await collect(client.readAll())).map(({ event }) => event?.id)
    const backwards = (await collect(client.readAll({ direction: BACKWARDS, fromPosition: END }))).map(
      ({ event }) => event?.id,
    )
    expect(forwards.length).toBeGreaterThan(0)
    expect(backwards.reverse()).toEqual(forwards)
  })

  test('has system events from the beginning', async () => {
    const [first] = await collect(client.readAll({ maxCount: 1 }))
    expect(first?.event?.type).toMatch(/^\$/)
    expect(excludeSystemEvents().filterOn).toBe('eventType')
  })

  test('shows neither checkpoints nor parked messages of groups on $all, and says nothing of their streams', async () => {
    const hidden = [newStream(), newStream()].map(
      (name, index) => `$persistentsubscription-$all::${name}-${['checkpoint', 'parked'][index]}`,
    )
    hidden.push('$epoch-information')
    const shown = [
      `$persistentsubscription-${newStream()}::g-parked`,
      '$persistentsubscription-$all::g-other',
      newStream(),
    ]
    const { position } = await client.appendToStream(newStream(), numbered(1))
    for (const stream of [...hidden, ...shown]) await client.appendToStream(stream, numbered(1))
    const read = await collect(client.readAll({ fromPosition: position!, maxCount: 4 }))
    expect(read.slice(1).map(({ event }) => event?.streamId)).toEqual(shown)
    for (const stream of hidden) expect(await revisions(stream)).toEqual([0])
  })

  test('refuses to read no events', async () => {
    expect(await rejection(collect(client.readAll({ maxCount: 0 })))).toMatchObject({ type: 'unknown' })
    expect(await rejection(revisions(await streamOf(1), { maxCount: 0 }))).toMatchObject({ type: 'unknown' })
  })

  test('refuses a commit position below the prepare position', async () => {
    const read = collect(client.readAll({ fromPosition: { commit: 1n, prepare: 2n } }))
    expect((await rejection(read)).message).toContain('INVALID_ARGUMENT')
  })
})
