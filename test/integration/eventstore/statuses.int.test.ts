import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { ClientHttp2Session, IncomingHttpHeaders } from 'node:http2'
import { createRequire } from 'node:module'
import { binaryEvent, jsonEvent } from '@eventstore/db-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ProtoWriter } from '../../../src/embedded/eventstore/wire/protoWriter.js'
import { appendMessages } from '../../support/eventstore/appendMessages.js'
import { numbered } from '../../support/eventstore/events.js'
import { framed, messagesOf, openSession, rawCall } from '../../support/eventstore/rawCall.js'
import { newStream, startTestServer, type TestServer } from '../../support/eventstore/server.js'

/** The status of each error, for clients that go by it, and the trailers without one of which the official client breaks. */
const { ReadResp } = createRequire(import.meta.url)('@eventstore/db-client/generated/streams_pb.js')

const STREAMS = '/event_store.client.streams.Streams'
const GROUPS = '/event_store.client.persistent_subscriptions.PersistentSubscriptions'

let server: TestServer
let session: ClientHttp2Session
let key: Record<string, string>
beforeAll(async () => {
  server = await startTestServer({ maxAppendSize: 1_000 })
  session = openSession(server.store.port)
  key = { 'connection-name': server.store.accessKey }
})
afterAll(async () => {
  session.destroy()
  await server.stop()
})

const read = (stream: string) =>
  framed(
    new ProtoWriter()
      .message(1, (options) => {
        options.message(1, (source) => source.message(1, (name) => name.string(3, stream)).empty(3))
        options.uint(5, 10).empty(8)
        options.message(9, (uuid) => uuid.empty(2))
      })
      .finish(),
  )

const tombstoned = async () => {
  const stream = newStream()
  await server.client.tombstoneStream(stream)
  return stream
}

describe('of streams:', () => {
  type Call = readonly [path: string, bytes: Buffer]
  const append = (stream: string, size = 10): Call => [
    'Append',
    framed(...appendMessages('Append', stream, [jsonEvent({ type: 'T', data: { text: 'x'.repeat(size) } })], 'any')),
  ]
  const cases: [string, () => Promise<string>, (stream: string) => Call, status: string, IncomingHttpHeaders][] = [
    ['an append to a tombstone', tombstoned, append, '9', { exception: 'stream-deleted' }],
    ['a read of a tombstone', tombstoned, (stream) => ['Read', read(stream)], '9', { exception: 'stream-deleted' }],
    ['an append to $all', async () => '$all', append, '7', { exception: 'access-denied' }],
    [
      'an append that is too large',
      async () => newStream(),
      (stream) => append(stream, 1_000),
      '3',
      { exception: 'maximum-append-size-exceeded', 'maximum-append-size': '1000' },
    ],
  ]

  test.each(cases)('%s', async (_, prepare, callOf, status, trailers) => {
    const stream = await prepare()
    const [path, bytes] = callOf(stream)
    const { headers } = await rawCall(session, `${STREAMS}/${path}`, bytes, key)
    expect(headers).toMatchObject({ 'grpc-status': status, ...trailers })
    if (trailers.exception === 'stream-deleted') expect(headers['stream-name']).toBe(stream)
  })
})

describe('of groups:', () => {
  const options = (stream: string, batch: number) => (body: ProtoWriter) => {
    body.message(4, (source) => source.message(1, (name) => name.string(3, stream)).empty(3))
    body.string(2, 'g')
    body.message(3, (settings) => settings.uint(9, 1).uint(10, 500).uint(11, batch).uint(12, 500).string(16, 'Pinned'))
  }
  const change = (stream: string, batch = 20) =>
    framed(new ProtoWriter(256).message(1, options(stream, batch)).finish())
  const named = (stream: string) =>
    framed(
      new ProtoWriter().message(1, (body) => body.message(1, (name) => name.string(3, stream)).string(2, 'g')).finish(),
    )
  const joining = (stream: string) =>
    framed(
      new ProtoWriter()
        .message(1, (body) => {
          body
            .message(1, (name) => name.string(3, stream))
            .string(2, 'g')
            .uint(3, 10)
          body.message(4, (uuid) => uuid.empty(2))
        })
        .finish(),
    )
  const create = async (stream: string) => {
    const { headers } = await rawCall(session, `${GROUPS}/Create`, change(stream), key)
    expect(headers['grpc-status']).toBe('0')
  }
  const connect = async (stream: string) => {
    await create(stream)
    const headers = { ':method': 'POST', ':path': `${GROUPS}/Read`, 'content-type': 'application/grpc', ...key }
    const consumer = session.request(headers)
    consumer.write(joining(stream))
    await once(consumer, 'data')
    return consumer
  }
  const nothing = async () => undefined
  const refused: [string, (stream: string) => Promise<unknown>, string, (stream: string) => Buffer, string, string][] =
    [
      ['a deletion of none', nothing, 'Delete', named, '5', 'persistent-subscription-does-not-exist'],
      ['an update of none', nothing, 'Update', change, '5', 'persistent-subscription-does-not-exist'],
      ['a consumer of none', nothing, 'Read', joining, '5', 'persistent-subscription-does-not-exist'],
      ['one that is there', create, 'Create', change, '6', 'persistent-subscription-exists'],
      ['bad settings', nothing, 'Create', (stream) => change(stream, 500), '13', 'persistent-subscription-failed'],
      ['one consumer too many', connect, 'Read', joining, '9', 'maximum-subscribers-reached'],
    ]

  test.each(refused)('%s', async (_, prepare, method, bytesOf, status, exception) => {
    const stream = newStream()
    await prepare(stream)
    const { headers } = await rawCall(session, `${GROUPS}/${method}`, bytesOf(stream), key)
    const trailers = { exception, 'stream-name': stream, 'group-name': 'g' }
    expect(headers).toMatchObject({ 'grpc-status': status, ...trailers })
    if (status === '13') expect(headers.reason).toMatch(/buffer/i)
  })

  test.each([
    ['Update', change],
    ['Delete', named],
  ] as const)('a consumer whose group is changed by %s', async (method, bytesOf) => {
    const stream = newStream()
    const consumer = await connect(stream)
    const trailers = once(consumer, 'trailers')
    expect((await rawCall(session, `${GROUPS}/${method}`, bytesOf(stream), key)).headers['grpc-status']).toBe('0')
    const dropped = { exception: 'persistent-subscription-dropped', 'stream-name': stream, 'group-name': 'g' }
    expect((await trailers)[0]).toMatchObject({ 'grpc-status': '1', ...dropped })
  })
})

/** The first event of a stream as it is sent. */
async function firstOf(stream: string) {
  const { body } = await rawCall(session, `${STREAMS}/Read`, read(stream), key)
  return ReadResp.deserializeBinary(messagesOf(body)[0]!).getEvent()
}

test('a soft delete writes its mark with every digit', async () => {
  const stream = newStream()
  await server.client.appendToStream(stream, numbered(1))
  await server.client.deleteStream(stream)
  const event = (await firstOf(`$$${stream}`)).getEvent()
  expect(Buffer.from(event.getData_asU8()).toString()).toBe('{"$tb":9223372036854775807}')
})

test.each([
  ['JSON', jsonEvent({ type: 'T', data: {} }), 'application/json'],
  ['bytes', binaryEvent({ type: 'T', data: Uint8Array.of(1) }), 'application/octet-stream'],
  [
    'another kind of text',
    { ...binaryEvent({ type: 'T', data: Uint8Array.of(1) }), contentType: 'text/plain' as never },
    'application/octet-stream',
  ],
])('an event of %s is sent with its id, type, kind, time and one position', async (_, event, contentType) => {
  const stream = newStream()
  const id = randomUUID()
  const before = Date.now()
  const { position } = await server.client.appendToStream(stream, { ...event, id })
  const sent = await firstOf(stream)
  const recorded = sent.getEvent()
  const metadata = new Map<string, string>(recorded.getMetadataMap().entries())
  expect(recorded.getId().getString()).toBe(id)
  expect([...metadata.keys()].sort()).toEqual(['content-type', 'created', 'type'])
  expect([metadata.get('type'), metadata.get('content-type')]).toEqual(['T', contentType])
  const created = Number(metadata.get('created')) / 10_000
  expect(created).toBeGreaterThanOrEqual(before)
  expect(created).toBeLessThanOrEqual(Date.now())
  const positions = [recorded.getCommitPosition(), recorded.getPreparePosition(), sent.getCommitPosition()]
  expect(positions).toEqual(Array.from({ length: 3 }, () => String(position?.commit)))
})
