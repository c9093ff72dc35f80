import { randomUUID } from 'node:crypto'
import {
  type AppendExpectedRevision,
  type AppendResult,
  binaryEvent,
  type EventData,
  EventStoreDBClient,
  jsonEvent,
  type WrongExpectedVersionError,
} from '@eventstore/db-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openContractServer } from '../../support/eventstore/contractServer.js'
import { collect, numbered, rejection } from '../../support/eventstore/events.js'
import { newStream } from '../../support/eventstore/server.js'

let client: EventStoreDBClient
let connectionString: string
let stop: () => Promise<void>
beforeAll(async () => {
  ;({ client, connectionString, stop } = await openContractServer())
})
afterAll(() => stop())

/** Credentials of its own make the client use the older of the two calls. */
const calls = [
  ['BatchAppend', {}],
  ['Append', { credentials: { username: 'admin', password: 'changeit' } }],
] as const

/** Streams to append to, each with its last revision. */
const states = {
  new: async () => newStream(),
  'of three events': async () => {
    const stream = newStream()
    await client.appendToStream(stream, numbered(3))
    return stream
  },
  'with metadata only': async () => {
    const stream = newStream()
    await client.setStreamMetadata(stream, { maxCount: 10 })
    return stream
  },
  'soft-deleted after three events': async () => {
    const stream = newStream()
    await client.appendToStream(stream, numbered(3))
    await client.deleteStream(stream)
    return stream
  },
  'soft-deleted with metadata only': async () => {
    const stream = newStream()
    await client.setStreamMetadata(stream, { maxCount: 10 })
    await client.deleteStream(stream)
    return stream
  },
  tombstoned: async () => {
    const stream = newStream()
    await client.appendToStream(stream, numbered(1))
    await client.tombstoneStream(stream)
    return stream
  },
}

type State = keyof typeof states
type Outcome = bigint | 'wrong-expected-version' | 'stream-deleted'

const expectations: [State, AppendExpectedRevision, Outcome, current?: bigint | 'no_stream'][] = [
  ['new', 'any', 0n],
  ['new', 'no_stream', 0n],
  ['new', 'stream_exists', 'wrong-expected-version', 'no_stream'],
  ['new', 0n, 'wrong-expected-version', 'no_stream'],
  ['of three events', 'any', 3n],
  ['of three events', 'stream_exists', 3n],
  ['of three events', 2n, 3n],
  ['of three events', 'no_stream', 'wrong-expected-version', 2n],
  ['of three events', 1n, 'wrong-expected-version', 2n],
  ['of three events', 3n, 'wrong-expected-version', 2n],
  ['with metadata only', 'stream_exists', 0n],
  ['with metadata only', 'no_stream', 0n],
  ['with metadata only', 'any', 0n],
  ['with metadata only', 0n, 'wrong-expected-version', 'no_stream'],
  ['soft-deleted after three events', 'any', 3n],
  ['soft-deleted after three events', 'no_stream', 3n],
  ['soft-deleted after three events', 2n, 3n],
  ['soft-deleted after three events', 'stream_exists', 'stream-deleted'],
  ['soft-deleted after three events', 1n, 'wrong-expected-version', 2n],
  ['soft-deleted after three events', 3n, 'wrong-expected-version', 2n],
  ['soft-deleted with metadata only', 'any', 0n],
  ['soft-deleted with metadata only', 'no_stream', 0n],
  ['soft-deleted with metadata only', 'stream_exists', 'stream-deleted'],
  ['tombstoned', 'any', 'stream-deleted'],
  ['tombstoned', 'stream_exists', 'stream-deleted'],
  ['tombstoned', 'no_stream', 'stream-deleted'],
  ['tombstoned', 0n, 'stream-deleted'],
]

describe.each(calls)('%s', (_, options) => {
  const append = (stream: string, events: EventData[], expectedRevision: AppendExpectedRevision = 'any') =>
    client.appendToStream(stream, events, { expectedRevision, ...options })

  test.each(expectations)('to a stream that is %s, expecting %s: %s', async (state, expected, outcome, current) => {
    const stream = await states[state]()
    if (typeof outcome === 'bigint') {
      const result = await append(stream, numbered(1), expected)
      expect(result).toMatchObject({ success: true, nextExpectedRevision: outcome })
      return
    }
    const error = await rejection(append(stream, numbered(1), expected))
    expect(error).toMatchObject({ type: outcome, streamName: stream })
    if (outcome === 'wrong-expected-version') {
      expect((error as WrongExpectedVersionError).actualVersion).toBe(current)
      expect((error as WrongExpectedVersionError).expectedVersion).toBe(expected)
    }
  })

  describe('repeated with the same ids', () => {
    const repeats: [string, AppendExpectedRevision, (events: EventData[]) => EventData[], Outcome][] = [
      ['all of them, at the same revision, is the first success again', 'no_stream', (all) => all, 2n],
      ['the first ones, at the same revision, is a success', 'no_stream', (all) => all.slice(0, 2), 1n],
      ['all of them, with any revision, is the first success again', 'any', (all) => all, 2n],
      ['the last ones, with any revision, is a success', 'any', (all) => all.slice(1), 2n],
      ['all of them, where the stream must exist, is a success', 'stream_exists', (all) => all, 2n],
      ['behind a revision in the middle is a success', 0n, (all) => all.slice(1), 2n],
      [
        'with one more behind them is refused at an old revision',
        'no_stream',
        (all) => [...all, ...numbered(1)],
        'wrong-expected-version',
      ],
      [
        'with one more behind them is refused with any revision',
        'any',
        (all) => [...all, ...numbered(1)],
        'wrong-expected-version',
      ],
      ['behind a new one is new with any revision', 'any', (all) => [...numbered(1), ...all], 6n],
      ['at another old revision is refused', 1n, (all) => all, 'wrong-expected-version'],
      ['at the last revision is new', 2n, (all) => all, 5n],
    ]

    test.each(repeats)('%s', async (_, expected, select, outcome) => {
      const stream = newStream()
      const events = numbered(3)
      const first = await append(stream, events, 'no_stream')
      const repeated = append(stream, select(events), expected)
      if (typeof outcome !== 'bigint') {
        expect(await rejection(repeated)).toMatchObject({ type: outcome })
        return
      }
      const result: AppendResult = await repeated
      expect(result.nextExpectedRevision).toBe(outcome)
      if (outcome === 2n) expect(result.position).toEqual(first.position)
      const stored = await collect(client.readStream(stream))
      expect(stored).toHaveLength(outcome > 2n ? Number(outcome) + 1 : 3)
    })

    const hiding = [
      ['maxCount', { maxCount: 1 }],
      ['truncateBefore', { truncateBefore: 2 }],
      ['truncateBefore beyond the end', { truncateBefore: 99 }],
    ] as const

    test.each(hiding)('is known though %s hides its events, and writes nothing', async (_, metadata) => {
      const [stream, events] = [newStream(), numbered(3)]
      const first = await append(stream, events, 'no_stream')
      await client.setStreamMetadata(stream, metadata)
      for (const expected of ['no_stream', 'any', 'stream_exists'] as const) {
        const repeated = await append(stream, events, expected)
        expect(repeated).toMatchObject({ nextExpectedRevision: 2n, position: first.position })
      }
      expect((await append(stream, numbered(1), 2n)).nextExpectedRevision).toBe(3n)
    })

    test('in part, with another one behind, does not bring a deleted stream back', async () => {
      const [stream, events] = [newStream(), numbered(2)]
      await append(stream, events, 'no_stream')
      await client.deleteStream(stream)
      const changed = append(stream, [events[0]!, ...numbered(1)], 'no_stream')
      expect(await rejection(changed)).toMatchObject({ type: 'wrong-expected-version', actualVersion: 1n })
      expect(await rejection(collect(client.readStream(stream)))).toMatchObject({ type: 'stream-not-found' })
    })

    test('into another stream is new', async () => {
      const events = numbered(2)
      await append(newStream(), events)
      const result = await append(newStream(), events)
      expect(result.nextExpectedRevision).toBe(1n)
    })

    test('after a soft delete, expecting no stream, is the first success again', async () => {
      const stream = newStream()
      const events = numbered(2)
      await append(stream, events, 'no_stream')
      await client.deleteStream(stream)
      expect((await append(stream, events, 'no_stream')).nextExpectedRevision).toBe(1n)
    })
  })

  test('of no events succeeds and writes nothing', async () => {
    const stream = newStream()
    expect(await append(stream, [])).toMatchObject({ success: true })
    await append(stream, numbered(2))
    expect(await append(stream, [], 1n)).toMatchObject({ success: true, nextExpectedRevision: 1n })
    expect(await rejection(append(stream, [], 0n))).toMatchObject({ type: 'wrong-expected-version' })
    expect(await collect(client.readStream(stream))).toHaveLength(2)
  })

  const empty: [State, AppendExpectedRevision, Outcome][] = [
    ['of three events', 'any', 2n],
    ['of three events', 'stream_exists', 2n],
    ['of three events', 2n, 2n],
    ['of three events', 'no_stream', 'wrong-expected-version'],
    ['of three events', 3n, 'wrong-expected-version'],
    ['new', 'stream_exists', 'wrong-expected-version'],
    ['new', 0n, 'wrong-expected-version'],
    ['soft-deleted after three events', 'any', 2n],
    ['soft-deleted after three events', 'no_stream', 'wrong-expected-version'],
    ['soft-deleted after three events', 'stream_exists', 'stream-deleted'],
    ['tombstoned', 'any', 'stream-deleted'],
  ]

  test.each(empty)('of no events to a stream that is %s, expecting %s: %s', async (state, expected, outcome) => {
    const stream = await states[state]()
    const appended = append(stream, [], expected)
    if (typeof outcome === 'bigint') expect(await appended).toMatchObject({ nextExpectedRevision: outcome })
    else expect(await rejection(appended)).toMatchObject({ type: outcome })
    // A stream that was deleted is not brought back by nothing.
    if (state === 'soft-deleted after three events')
      expect(await rejection(collect(client.readStream(stream)))).toMatchObject({ type: 'stream-not-found' })
  })

  test('answers with the position of the last event', async () => {
    const stream = newStream()
    const { position } = await append(stream, numbered(3))
    const events = await collect(client.readStream(stream))
    expect(events[2]?.event?.position).toEqual(position)
    expect(events[2]?.commitPosition).toBe(position?.commit)
  })

  test('keeps data, metadata, type, content type and time as they were', async () => {
    const stream = newStream('Straße-日本')
    const before = Date.now()
    await append(stream, [
      jsonEvent({ type: 'Тип', data: { text: 'über 😀', nested: [1, null, { a: true }] }, metadata: { who: 'me' } }),
      binaryEvent({ type: 'Bytes', data: Uint8Array.of(0, 255, 1), metadata: Uint8Array.of(9, 8) }),
      jsonEvent({ type: 'NoMetadata', data: {} }),
    ])
    const [json, binary, bare] = (await collect(client.readStream(stream))).map(({ event }) => event)
    expect(json).toMatchObject({
      streamId: stream,
      type: 'Тип',
      isJson: true,
      data: { text: 'über 😀', nested: [1, null, { a: true }] },
      metadata: { who: 'me' },
    })
    expect(binary).toMatchObject({ isJson: false, type: 'Bytes' })
    expect([...(binary!.data as Uint8Array)]).toEqual([0, 255, 1])
    expect([...(binary!.metadata as unknown as Uint8Array)]).toEqual([9, 8])
    expect(bare?.metadata).toBeUndefined()
    expect(json!.created.getTime()).toBeGreaterThanOrEqual(before - 1)
    expect(json!.created.getTime()).toBeLessThanOrEqual(Date.now() + 1)
  })

  test('takes stream names of any length', async () => {
    const names = [1_900, 2_100, 9_000].map((length) => `long-${randomUUID()}`.padEnd(length, 'x'))
    for (const name of names) await append(name, numbered(1))
    for (const name of names) {
      const [read] = await collect(client.readStream(name))
      expect(read?.event?.streamId).toBe(name)
    }
  })

  test('takes an append of the largest size and refuses one byte more', async () => {
    const sized = (size: number) => binaryEvent({ type: 'Big', data: new Uint8Array(size - 6) })
    const stream = newStream()
    expect(await append(stream, [sized(1_048_576)])).toMatchObject({ success: true })
    const error = await rejection(append(stream, [sized(1_048_577)]))
    expect(error).toMatchObject({ type: 'maximum-append-size-exceeded', maxAppendSize: 1_048_576 })
    expect(await collect(client.readStream(stream))).toHaveLength(1)
  })

  const LIMIT = 1_048_576
  const bytes = (size: number) => new Uint8Array(size)
  const sizes: [string, string, data: number, metadata: number][] = [
    ['its data', 'T', LIMIT - 2, 0],
    ['its metadata', 'T', 2, LIMIT - 4],
    ['its type, two bytes for each unit of UTF-16', '日😀', LIMIT - 6, 0],
  ]

  test('counts all events of an append together', async () => {
    const half = (size: number) => binaryEvent({ type: 'T', data: bytes(LIMIT / 2 + size - 2) })
    const stream = newStream()
    expect(await append(stream, [half(0), half(0)])).toMatchObject({ nextExpectedRevision: 1n })
    expect(await rejection(append(stream, [half(0), half(1)]))).toMatchObject({ type: 'maximum-append-size-exceeded' })
    expect(await rejection(append(stream, [half(1), half(0)]))).toMatchObject({ type: 'maximum-append-size-exceeded' })
    expect(await collect(client.readStream(stream))).toHaveLength(2)
  })

  test.each(sizes)('counts %s for the size of an append', async (_, type, data, metadata) => {
    const sized = (extra: number) =>
      binaryEvent({ type, data: bytes(data + extra), ...(metadata > 0 ? { metadata: bytes(metadata) } : {}) })
    const stream = newStream()
    expect(await append(stream, [sized(0)])).toMatchObject({ success: true })
    expect(await rejection(append(stream, [sized(1)]))).toMatchObject({ type: 'maximum-append-size-exceeded' })
  })

  test('takes for binary what is not JSON by its content type', async () => {
    const stream = newStream()
    const event = binaryEvent({ type: 'T', data: Uint8Array.of(1) })
    await append(stream, [{ ...event, contentType: 'text/plain' } as never])
    const [read] = await collect(client.readStream(stream))
    expect(read?.event).toMatchObject({ isJson: false })
  })

  test.each(['', '$$'])('refuses the name "%s"', async (stream) => {
    expect(await rejection(append(stream, numbered(1)))).toMatchObject({ type: 'unknown' })
  })

  test('tells a conflict instead of throwing it where that is asked for', async () => {
    const quiet = EventStoreDBClient.connectionString(`${connectionString}&throwOnAppendFailure=false`)
    const tryTo = (stream: string, expectedRevision: AppendExpectedRevision) =>
      quiet.appendToStream(stream, numbered(1), { expectedRevision, ...options })
    const stream = newStream()
    await append(stream, numbered(3))
    const existing = await tryTo(stream, 'no_stream')
    const missing = await tryTo(newStream(), 4n)
    await quiet.dispose()
    expect([existing.success, missing.success]).toEqual([false, false])
    // On the path of BatchAppend, version 6.2.1 of the client tells 1 for every conflict.
    if ('credentials' in options) {
      expect([existing.nextExpectedRevision, missing.nextExpectedRevision]).toEqual([2n, -1n])
    }
  })

  test('knows a repeated append whose events are older than others in the same stream', async () => {
    const stream = newStream()
    const events = numbered(2)
    await append(stream, [events[0]!])
    await append(stream, numbered(1))
    await append(stream, [events[1]!])
    expect((await append(stream, events)).nextExpectedRevision).toBe(2n)
    expect(await collect(client.readStream(stream))).toHaveLength(3)
  })

  test('refuses, with any revision, a repeat whose later event stands in another stream', async () => {
    const [stream, other] = [newStream(), newStream()]
    const [first, second] = numbered(2)
    await append(stream, [first!])
    await append(other, [second!])
    expect(await rejection(append(stream, [first!, second!]))).toMatchObject({ type: 'wrong-expected-version' })
  })

  test('knows a repeat of what a soft delete has hidden, and leaves the stream deleted', async () => {
    const stream = newStream()
    const events = numbered(2)
    await append(stream, events)
    await client.deleteStream(stream)
    expect((await append(stream, events)).nextExpectedRevision).toBe(1n)
    expect(await rejection(collect(client.readStream(stream)))).toMatchObject({ type: 'stream-not-found' })
  })

  test('does not look at ids when the expected revision is the last one', async () => {
    const stream = newStream()
    const events = numbered(1)
    await append(stream, events, 'no_stream')
    await append(stream, events, 0n)
    const ids = (await collect(client.readStream(stream))).map(({ event }) => event?.id)
    expect(ids).toEqual([events[0]!.id, events[0]!.id])
  })

  test('refuses many events that are too large together, and serves the next append', async () => {
    const stream = newStream()
    const events = Array.from({ length: 80 }, () => binaryEvent({ type: 'Big', data: new Uint8Array(100_000) }))
    expect(await rejection(append(stream, events))).toMatchObject({ type: 'maximum-append-size-exceeded' })
    expect(await append(stream, numbered(1))).toMatchObject({ nextExpectedRevision: 0n })
  })

  test('writes all events of one append behind each other, however many writers there are', async () => {
    const stream = newStream()
    await Promise.all(Array.from({ length: 20 }, (_, writer) => append(stream, numbered(5, `W${writer}`))))
    const types = (await collect(client.readStream(stream))).map(({ event }) => event?.type)
    for (let start = 0; start < 100; start += 5) expect(new Set(types.slice(start, start + 5)).size).toBe(1)
  })

  test('lets one of many writers at the same revision win', async () => {
    const stream = newStream()
    const attempts = await Promise.allSettled(
      Array.from({ length: 16 }, () => append(stream, numbered(1), 'no_stream')),
    )
    expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  test('refuses to append to $all', async () => {
    expect(await rejection(append('$all', numbered(1)))).toMatchObject({ type: 'access-denied' })
  })
})

test('an append in many parts is one append', async () => {
  const stream = newStream()
  const events = numbered(200)
  const result = await client.appendToStream(stream, events, { batchAppendSize: 500, expectedRevision: 'no_stream' })
  expect(result.nextExpectedRevision).toBe(199n)
  expect((await collect(client.readStream(stream))).map(({ event }) => event?.id)).toEqual(events.map(({ id }) => id))
})

test('an append whose time is over is not written', async () => {
  const stream = newStream()
  const error = await rejection(client.appendToStream(stream, numbered(1), { deadline: -1_000 }))
  expect(error).toMatchObject({ type: 'deadline-exceeded' })
  expect(await rejection(collect(client.readStream(stream)))).toMatchObject({ type: 'stream-not-found' })
})
