import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { ClientHttp2Session } from 'node:http2'
import { createRequire } from 'node:module'
import { binaryEvent } from '@eventstore/db-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ProtoWriter } from '../../../src/embedded/eventstore/wire/protoWriter.js'
import { uuidHalves } from '../../../src/embedded/eventstore/wire/uuid.js'
import { numbered } from '../../support/eventstore/events.js'
import { framed, messagesOf, openSession, rawCall } from '../../support/eventstore/rawCall.js'
import { newStream, startTestServer, type TestServer } from '../../support/eventstore/server.js'

/** What clients of other languages send and the official one for Node.js does not. */
const generated = createRequire(import.meta.url)
const { AppendResp, ReadResp, BatchAppendResp } = generated('@eventstore/db-client/generated/streams_pb.js')

const STREAMS = '/event_store.client.streams.Streams'
let server: TestServer
let session: ClientHttp2Session
let key: Record<string, string>
beforeAll(async () => {
  server = await startTestServer({ writeTimeout: 100 })
  session = openSession(server.store.port)
  key = { 'connection-name': server.store.accessKey }
})
afterAll(async () => {
  session.destroy()
  await server.stop()
})

test('ids are read in two halves where that is asked for', async () => {
  const stream = newStream()
  const events = numbered(3)
  await server.client.appendToStream(stream, events)
  const request = new ProtoWriter().message(1, (options) => {
    options.message(1, (target) => target.message(1, (name) => name.string(3, stream)).empty(3))
    options.uint(5, 10).empty(8)
    options.message(9, (uuid) => uuid.empty(1))
  })
  const { body } = await rawCall(session, `${STREAMS}/Read`, framed(request.finish()), key)
  const ids = messagesOf(body).map((message) => {
    const structured = ReadResp.deserializeBinary(message).getEvent().getEvent().getId().getStructured()
    return [structured.getMostSignificantBits(), structured.getLeastSignificantBits()]
  })
  const signed = (half: bigint) => BigInt.asIntN(64, half).toString()
  expect(ids).toEqual(events.map(({ id }) => uuidHalves(id).map(signed)))
})

test('ids are written in two halves, and a deadline as a duration', async () => {
  const stream = newStream()
  const [correlation, id] = [randomUUID(), randomUUID()]
  const halves = (uuid: string) => (writer: ProtoWriter) => {
    const [most, least] = uuidHalves(uuid)
    writer.message(1, (structured) => structured.uint(1, most).uint(2, least))
  }
  const request = new ProtoWriter(512)
    .message(1, halves(correlation))
    .message(2, (options) => {
      options.message(1, (name) => name.string(3, stream)).empty(3)
      options.message(7, (duration) => duration.uint(1, 5))
    })
    .message(3, (event) => {
      event.message(1, halves(id))
      for (const [name, value] of [
        ['type', 'T'],
        ['content-type', 'application/json'],
      ] as const) {
        event.message(2, (entry) => entry.string(1, name).string(2, value))
      }
      event.string(4, '{"n":1}')
    })
    .bool(4, true)
  const { body, headers } = await rawCall(session, `${STREAMS}/BatchAppend`, framed(request.finish()), key)
  const [answer] = messagesOf(body)
  expect(BatchAppendResp.deserializeBinary(answer).hasSuccess()).toBe(true)
  expect(headers['grpc-status']).toBe('0')
  for await (const { event } of server.client.readStream(stream)) expect(event).toMatchObject({ id, data: { n: 1 } })
})

test('an append that never comes to its end is answered when its time is over, once', async () => {
  const correlation = randomUUID()
  const request = new ProtoWriter()
    .message(1, (uuid) => uuid.string(2, correlation))
    .message(2, (options) => {
      options.message(1, (name) => name.string(3, newStream())).empty(4)
    })
  const late = new ProtoWriter().message(1, (uuid) => uuid.string(2, correlation)).bool(4, true)
  const stream = session.request({
    ':method': 'POST',
    ':path': `${STREAMS}/BatchAppend`,
    'content-type': 'application/grpc',
    ...key,
  })
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  stream.write(framed(request.finish()))
  while (chunks.length === 0) await new Promise((resolve) => setTimeout(resolve, 10))
  stream.end(framed(late.finish()))
  await new Promise((resolve) => stream.once('close', resolve))
  const answers = messagesOf(Buffer.concat(chunks)).map((message) => BatchAppendResp.deserializeBinary(message))
  expect(answers.map((answer) => answer.getError().getDetails().getTypeName())).toEqual(['event_store.client.Timeout'])
})

const READ = `${STREAMS}/Read`
const readRequest = (write: (options: ProtoWriter) => void) => framed(new ProtoWriter().message(1, write).finish())
const ofAll = (options: ProtoWriter) => options.message(2, (all) => all.empty(2))
const ofStream = (options: ProtoWriter) =>
  options.message(1, (stream) => stream.message(1, (name) => name.string(3, 's')).empty(3))
const strings = (options: ProtoWriter) => options.message(9, (uuid) => uuid.empty(2))
const filter = (window: number, multiplier: number) => (options: ProtoWriter) =>
  options.message(7, (body) =>
    body
      .message(1, (name) => name.string(2, 'x'))
      .uint(3, window)
      .uint(5, multiplier),
  )

const refused: [string, ((options: ProtoWriter) => unknown)[]][] = [
  ['no form of ids', [ofAll, (options) => options.uint(5, 1).empty(8)]],
  ['neither a count nor a subscription', [ofAll, strings]],
  ['neither a stream nor $all', [(options) => options.uint(5, 1), strings]],
  ['a filter on a stream', [ofStream, (options) => options.uint(5, 1), filter(32, 1), strings]],
  ['a subscription backwards', [ofStream, (options) => options.uint(3, 1).empty(6).empty(8), strings]],
  ['a checkpoint interval of 0', [ofAll, (options) => options.empty(6), filter(32, 0), strings]],
  ['a search window of 0', [ofAll, (options) => options.empty(6), filter(0, 1), strings]],
]

test.each(refused)('a read with %s is refused', async (_, parts) => {
  const request = readRequest((options) => {
    for (const part of parts) part(options)
  })
  expect((await rawCall(session, READ, request, key)).headers['grpc-status']).toBe('3')
})

test('reads of $all are filtered', async () => {
  const stream = `filtered-${newStream()}`
  await server.client.appendToStream(stream, numbered(2))
  await server.client.appendToStream(newStream(), numbered(1))
  const request = readRequest((options) => {
    ofAll(options).uint(5, 100)
    strings(
      options.message(7, (body) =>
        body
          .message(1, (name) => name.string(2, stream))
          .empty(4)
          .uint(5, 1),
      ),
    )
  })
  const { body } = await rawCall(session, READ, request, key)
  const events = messagesOf(body).map((message) => ReadResp.deserializeBinary(message).getEvent().getEvent())
  expect(events.map((event) => event.getStreamRevision())).toEqual(['0', '1'])
})

/** One part of a batch append; `parts` holds what differs. */
const part = (correlation: string, ...parts: ((writer: ProtoWriter) => unknown)[]) => {
  const writer = new ProtoWriter(512).message(1, (uuid) => uuid.string(2, correlation))
  for (const add of parts) add(writer)
  return writer.finish()
}
const to = (stream: string, deadline?: (options: ProtoWriter) => unknown) => (writer: ProtoWriter) =>
  writer.message(2, (options) => {
    options.message(1, (name) => name.string(3, stream)).empty(4)
    deadline?.(options)
  })
const time = (milliseconds: number) => (writer: ProtoWriter) =>
  writer.uint(1, Math.floor(milliseconds / 1_000)).uint(2, (milliseconds % 1_000) * 1e6)
const event = (writer: ProtoWriter) =>
  writer.message(3, (body) => {
    body.message(1, (uuid) => uuid.string(2, randomUUID()))
    for (const [name, value] of [
      ['type', 'T'],
      ['content-type', 'application/octet-stream'],
    ] as const) {
      body.message(2, (entry) => entry.string(1, name).string(2, value))
    }
  })
const last = (writer: ProtoWriter) => writer.bool(4, true)
const answersOf = (body: Buffer) =>
  messagesOf(body).map((message) => {
    const answer = BatchAppendResp.deserializeBinary(message)
    const outcome = answer.hasSuccess() ? answer.getSuccess() : answer.getError().getDetails()
    return { id: answer.getCorrelationId().getString(), outcome }
  })

test('parts of many appends on one call are put together, whatever their order', async () => {
  const ids = [randomUUID(), randomUUID(), randomUUID()]
  const streams = ids.map(() => newStream())
  const parts = [
    ...ids.map((id, index) => part(id, to(streams[index]!), event)),
    // Options that come again change nothing.
    ...ids.map((id) => part(id, to(newStream()), event)).reverse(),
    part(randomUUID(), event, last),
    ...ids.map((id) => part(id, event, last)),
  ]
  const { body, headers } = await rawCall(session, `${STREAMS}/BatchAppend`, framed(...parts), key)
  expect(headers['grpc-status']).toBe('0')
  const answers = answersOf(body)
  expect(answers.map(({ id }) => id).sort()).toEqual([...ids].sort())
  expect(answers.map(({ outcome }) => outcome.getCurrentRevision())).toEqual(['2', '2', '2'])
  for (const stream of streams) {
    let events = 0
    for await (const _ of server.client.readStream(stream)) events++
    expect(events).toBe(3)
  }
})

test.each([
  ['a duration', (options: ProtoWriter) => options.message(7, time(20))],
  ['a moment', (options: ProtoWriter) => options.message(6, time(Date.now() + 20))],
])(
  'an append that asks for less time than the server gives, as %s, is answered when that is over',
  async (_, deadline) => {
    const patient = await startTestServer({ writeTimeout: 600_000 })
    const its = openSession(patient.store.port)
    const request = its.request({
      ':method': 'POST',
      ':path': `${STREAMS}/BatchAppend`,
      'content-type': 'application/grpc',
      'connection-name': patient.store.accessKey,
    })
    request.write(framed(part(randomUUID(), to(newStream(), deadline), event)))
    const [answer] = (await once(request, 'data')) as [Buffer]
    expect(answersOf(answer)[0]?.outcome.getTypeName()).toBe('event_store.client.Timeout')
    its.destroy()
    await patient.stop()
  },
)

test('a server that takes larger appends takes them in one part or in many', async () => {
  const large = await startTestServer({ maxAppendSize: 12 * 1024 * 1024 })
  const stream = newStream()
  const events = (count: number) =>
    Array.from({ length: count }, () => binaryEvent({ type: 'Big', data: new Uint8Array(3_500_000) }))
  await large.client.appendToStream(stream, events(3))
  await large.client.appendToStream(stream, events(3), { credentials: { username: 'a', password: 'b' } })
  let bytes = 0
  for await (const { event: read } of large.client.readStream(stream)) bytes += (read!.data as Uint8Array).length
  expect(bytes).toBe(6 * 3_500_000)
  const tooLarge = large.client.appendToStream(stream, events(4))
  await expect(tooLarge).rejects.toMatchObject({ type: 'maximum-append-size-exceeded' })
  await large.stop()
})

test('parts without an end are not written when the call ends', async () => {
  const stream = newStream()
  const { body, headers } = await rawCall(
    session,
    `${STREAMS}/BatchAppend`,
    framed(part(randomUUID(), to(stream), event)),
    key,
  )
  expect([headers['grpc-status'], body.length]).toEqual(['0', 0])
  const { nextExpectedRevision } = await server.client.appendToStream(stream, numbered(1), {
    expectedRevision: 'no_stream',
  })
  expect(nextExpectedRevision).toBe(0n)
})

test('an append of nothing to nothing has neither a revision nor an error', async () => {
  const { body } = await rawCall(
    session,
    `${STREAMS}/BatchAppend`,
    framed(part(randomUUID(), to(newStream()), last)),
    key,
  )
  expect(answersOf(body)[0]?.outcome.hasNoStream()).toBe(true)
  const single = new ProtoWriter().message(1, (options) => {
    options.message(1, (name) => name.string(3, newStream())).empty(4)
  })
  const answer = await rawCall(session, `${STREAMS}/Append`, framed(single.finish()), key)
  expect(AppendResp.deserializeBinary(messagesOf(answer.body)[0]!).getSuccess().hasNoStream()).toBe(true)
})

test('a scavenge that does not run cannot be stopped', async () => {
  const request = new ProtoWriter().message(1, (options) => options.string(1, 'none'))
  const path = '/event_store.client.operations.Operations/StopScavenge'
  expect((await rawCall(session, path, framed(request.finish()), key)).headers).toMatchObject({
    'grpc-status': '5',
    exception: 'scavenge-not-found',
    'scavenge-id': 'none',
  })
})

test.each([
  ['RoundRobin', undefined],
  ['FirstComeFirstServed', '3'],
])('a group takes its strategy by name: %s', async (strategy, refusal) => {
  const stream = newStream()
  const request = new ProtoWriter(256).message(1, (options) => {
    options.message(4, (source) => source.message(1, (name) => name.string(3, stream)).empty(4))
    options.string(2, 'g')
    options.message(3, (settings) => settings.uint(10, 500).uint(11, 20).uint(12, 500).string(16, strategy))
  })
  const path = '/event_store.client.persistent_subscriptions.PersistentSubscriptions/Create'
  const { headers } = await rawCall(session, path, framed(request.finish()), key)
  expect(headers['grpc-status']).toBe(refusal ?? '0')
  if (refusal) return
  const info = await server.client.getPersistentSubscriptionToStreamInfo(stream, 'g')
  expect(info.settings).toMatchObject({ consumerStrategyName: strategy, startFrom: 'end' })
})
