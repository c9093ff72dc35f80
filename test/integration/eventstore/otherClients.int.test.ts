import { randomUUID } from 'node:crypto'
import type { ClientHttp2Session } from 'node:http2'
import { createRequire } from 'node:module'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ProtoWriter } from '../../../src/embedded/eventstore/wire/protoWriter.js'
import { uuidHalves } from '../../../src/embedded/eventstore/wire/uuid.js'
import { numbered } from '../../support/eventstore/events.js'
import { framed, messagesOf, openSession, rawCall } from '../../support/eventstore/rawCall.js'
import { newStream, startTestServer, type TestServer } from '../../support/eventstore/server.js'

/** What clients of other languages send and the official one for Node.js does not. */
const generated = createRequire(import.meta.url)
const { ReadResp, BatchAppendResp } = generated('@eventstore/db-client/generated/streams_pb.js')

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
