import { once } from 'node:events'
import type { ClientHttp2Session } from 'node:http2'
import { createRequire } from 'node:module'
import { jsonEvent } from '@eventstore/db-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ProtoWriter } from '../../../src/embedded/eventstore/wire/protoWriter.js'
import { appendMessages, type Expected } from '../../support/eventstore/appendMessages.js'
import { numbered } from '../../support/eventstore/events.js'
import { framed, messagesOf, openSession, rawCall } from '../../support/eventstore/rawCall.js'
import { newStream, startTestServer, type TestServer } from '../../support/eventstore/server.js'

/** What stands in answers that the official client for Node.js does not show, and other clients go by. */
const generated = createRequire(import.meta.url)
const { AppendResp, BatchAppendResp, ReadResp } = generated('@eventstore/db-client/generated/streams_pb.js')
const shared = generated('@eventstore/db-client/generated/shared_pb.js')

const STREAMS = '/event_store.client.streams.Streams'
let server: TestServer
let session: ClientHttp2Session
let key: Record<string, string>
beforeAll(async () => {
  server = await startTestServer()
  session = openSession(server.store.port)
  key = { 'connection-name': server.store.accessKey }
})
afterAll(async () => {
  session.destroy()
  await server.stop()
})

/** What is set of a message, by name. */
const setIn = (message: { toObject(): object }) =>
  Object.entries(message.toObject())
    .filter(([, value]) => value !== undefined && value !== 0 && value !== '0' && value !== '')
    .map(([name]) => name)
    .sort()

describe('a conflict of Append tells the current and the expected revision, each once, and once more for old clients:', () => {
  const conflicts: [string, number, Expected | 'stream_exists' | number, string[]][] = [
    ['a revision of none', 0, 5, ['currentNoStream', 'expectedRevision', 'expectedRevision2060', 'noStream2060']],
    ['none', 0, 'stream_exists', ['currentNoStream', 'expectedStreamExists', 'noStream2060', 'streamExists2060']],
    ['no stream', 3, 'no_stream', ['currentRevision', 'currentRevision2060', 'expectedNoStream']],
    ['another revision', 3, 1, ['currentRevision', 'currentRevision2060', 'expectedRevision', 'expectedRevision2060']],
  ]

  test.each(conflicts)('%s', async (_, count, expected, names) => {
    const stream = newStream()
    if (count > 0) await server.client.appendToStream(stream, numbered(count))
    const options = new ProtoWriter().message(1, (body) => {
      body.message(1, (identifier) => identifier.string(3, stream))
      if (typeof expected === 'number') body.uint(2, expected)
      else body.empty(expected === 'no_stream' ? 3 : 5)
    })
    const [, ...events] = appendMessages('Append', stream, numbered(1), 'any')
    const { body, headers } = await rawCall(session, `${STREAMS}/Append`, framed(options.finish(), ...events), key)
    expect(headers['grpc-status']).toBe('0')
    const wrong = AppendResp.deserializeBinary(messagesOf(body)[0]!).getWrongExpectedVersion()
    expect(setIn(wrong)).toEqual(names)
  })
})

const TOO_LARGE = [jsonEvent({ type: 'Large', data: { text: 'x'.repeat(1_048_576) } })]

describe('an error of BatchAppend has a code, one detail and the stream:', () => {
  const failures: [string, () => Promise<string>, code: number, type: string, decode?: string][] = [
    ['a conflict', () => streamWith('events'), 6, 'WrongExpectedVersion', 'WrongExpectedVersion'],
    ['a tombstone', () => streamWith('a tombstone'), 5, 'StreamDeleted', 'StreamDeleted'],
    ['no permission', async () => '$all', 7, 'AccessDenied'],
    ['what is too large', async () => newStream(), 3, 'MaximumAppendSizeExceeded', 'MaximumAppendSizeExceeded'],
  ]
  const streamWith = async (what: 'events' | 'a tombstone') => {
    const stream = newStream()
    await server.client.appendToStream(stream, numbered(2))
    if (what === 'a tombstone') await server.client.tombstoneStream(stream)
    return stream
  }

  test.each(failures)('%s', async (_, prepare, code, type, decode) => {
    const stream = await prepare()
    const request = framed(
      ...appendMessages('BatchAppend', stream, [numbered(1)[0]!, ...(code === 3 ? TOO_LARGE : [])], 'no_stream'),
    )
    const { body } = await rawCall(session, `${STREAMS}/BatchAppend`, request, key)
    const answer = BatchAppendResp.deserializeBinary(messagesOf(body)[0]!)
    expect(Buffer.from(answer.getStreamIdentifier().getStreamName()).toString()).toBe(stream)
    const error = answer.getError()
    expect(error.getCode()).toBe(code)
    expect(error.getDetails().getTypeUrl()).toBe(`type.googleapis.com/event_store.client.${type}`)
    if (decode === undefined) return
    const detail = shared[decode].deserializeBinary(error.getDetails().getValue_asU8())
    if (decode === 'StreamDeleted') {
      expect(Buffer.from(detail.getStreamIdentifier().getStreamName()).toString()).toBe(stream)
    } else if (decode === 'MaximumAppendSizeExceeded') expect(detail.getMaxappendsize()).toBe(1_048_576)
    else {
      expect(setIn(detail)).toEqual(['currentStreamRevision', 'expectedNoStream'])
      expect(detail.getCurrentStreamRevision()).toBe('1')
    }
  })
})

test.each([
  ['no_stream', 3, '-1', '2'],
  ['any', 4, '-2', '-1'],
  ['stream_exists', 5, '-4', '-1'],
] as const)('a refused deletion that expected %s says so as a number', async (expected, field, number, actual) => {
  const stream = newStream()
  if (expected === 'no_stream') await server.client.appendToStream(stream, numbered(3))
  const request = new ProtoWriter().message(1, (options) => {
    options.message(1, (identifier) => identifier.string(3, stream)).empty(field)
  })
  const { headers } = await rawCall(session, `${STREAMS}/Delete`, framed(request.finish()), key)
  expect(headers).toMatchObject({
    'grpc-status': '9',
    exception: 'wrong-expected-version',
    'stream-name': stream,
    'expected-version': number,
    'actual-version': actual,
  })
})

const windows: [string, (filter: ProtoWriter) => unknown, caughtUp: number[], live: number[]][] = [
  ['twice a window of 5', (filter) => filter.uint(3, 5).uint(5, 2), [10, 20, 30, 35], [45, 55, 65]],
  ['the window of 32, where none is given', (filter) => filter.empty(4).uint(5, 1), [32, 35], [67]],
]

test.each(windows)(
  'a filtered subscription tells a checkpoint after each %s, and one at the head',
  async (_, write, caughtUp, live) => {
    const { client } = server
    const { position } = await client.appendToStream(newStream(), numbered(1))
    const start = Number(position!.commit)
    await client.appendToStream(newStream(), numbered(35))
    const request = new ProtoWriter(256).message(1, (options) => {
      options.message(2, (all) => all.message(1, (at) => at.uint(1, start).uint(2, start)))
      options.empty(6)
      options.message(7, (filter) => {
        filter.message(1, (expression) => expression.string(2, 'nothing begins like this'))
        write(filter)
      })
      options.message(9, (uuid) => uuid.empty(2))
    })
    const stream = session.request({
      ':method': 'POST',
      ':path': `${STREAMS}/Read`,
      'content-type': 'application/grpc',
      ...key,
    })
    let received = Buffer.alloc(0)
    stream.on('error', () => undefined)
    stream.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk])
    })
    stream.end(framed(request.finish()))
    const seen = () =>
      messagesOf(received).map((message) => {
        const answer = ReadResp.deserializeBinary(message)
        if (answer.hasConfirmation()) return 'confirmation'
        if (answer.hasCheckpoint()) return Number(answer.getCheckpoint().getCommitPosition()) - start
        return answer.hasEvent() ? 'event' : 'caught up'
      })
    while (!seen().includes('caught up')) await once(stream, 'data')
    expect(seen()).toEqual(['confirmation', ...caughtUp, 'caught up'])
    for (let more = 0; more < 32; more++) await client.appendToStream(newStream(), numbered(1))
    while (seen().length < caughtUp.length + live.length + 2) await once(stream, 'data')
    expect(seen().slice(caughtUp.length + 2)).toEqual(live)
    stream.close()
  },
)

test.each([200, 65_535, 1_048_576])('a read comes whole through a window of %i bytes', async (initialWindowSize) => {
  const stream = newStream()
  await server.client.appendToStream(stream, numbered(1_000))
  const request = new ProtoWriter().message(1, (options) => {
    options.message(1, (target) => target.message(1, (name) => name.string(3, stream)).empty(2))
    options.uint(5, 2_000).empty(8)
    options.message(9, (uuid) => uuid.empty(2))
  })
  const its = openSession(server.store.port, { initialWindowSize })
  const { body, headers } = await rawCall(its, `${STREAMS}/Read`, framed(request.finish()), key)
  its.destroy()
  const events = messagesOf(body).map((message) => ReadResp.deserializeBinary(message).getEvent().getEvent())
  expect(events.map((event) => Number(event.getStreamRevision()))).toEqual(Array.from({ length: 1_000 }, (_, n) => n))
  expect(headers['grpc-status']).toBe('0')
})
