import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type ClientHttp2Session, constants } from 'node:http2'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  persistentSubscriptionToAllSettingsFromDefaults as allSettings,
  binaryEvent,
  EventStoreDBClient,
} from '@eventstore/db-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ProtoWriter } from '../../../src/embedded/eventstore/wire/protoWriter.js'
import { appendMessages } from '../../support/eventstore/appendMessages.js'
import { ACCESS_KEY, type ChildServer, startChildServer } from '../../support/eventstore/childServer.js'
import { collect, numbered } from '../../support/eventstore/events.js'
import { framed, openSession, rawCall } from '../../support/eventstore/rawCall.js'
import { newStream } from '../../support/eventstore/server.js'

const STREAMS = '/event_store.client.streams.Streams'
const KEY = { 'connection-name': ACCESS_KEY }
const MEBIBYTE = 1024 * 1024

const directory = mkdtempSync(join(tmpdir(), 'eventstore-'))
let server: ChildServer
let session: ClientHttp2Session
let client: EventStoreDBClient

beforeAll(async () => {
  server = await startChildServer(directory)
  session = openSession(server.port)
  client = EventStoreDBClient.connectionString(server.connectionString)
})
afterAll(async () => {
  session.destroy()
  await client.dispose()
  await server.kill()
  rmSync(directory, { recursive: true, force: true })
})

const stillServes = async () => {
  const stream = newStream()
  await client.appendToStream(stream, numbered(2))
  expect(await collect(client.readStream(stream))).toHaveLength(2)
}

/** Resident memory of the server in bytes, where the system tells. */
const memory = () => {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.process.pid}/status`, 'utf8'))?.[1]) * 1024
  } catch {
    return 0
  }
}

const batchOptions = (stream: string) =>
  new ProtoWriter()
    .message(1, (identifier) => identifier.string(3, stream))
    .empty(4)
    .finish()

const chunk = (id: string, size: number, options?: Buffer) => {
  const writer = new ProtoWriter(size + 300).message(1, (uuid) => uuid.string(2, id))
  if (options) writer.bytes(2, options)
  writer.message(3, (event) => {
    event.message(1, (uuid) => uuid.string(2, randomUUID()))
    for (const [key, value] of [
      ['type', 'T'],
      ['content-type', 'application/json'],
    ] as const) {
      event.message(2, (entry) => entry.string(1, key).string(2, value))
    }
    event.bytes(4, Buffer.alloc(size))
  })
  return writer.finish()
}

test.each([
  ['Streams/Nothing', 12],
  ['Projections/Create', 12],
  ['Users/Create', 12],
])('answers the unknown call %s with UNIMPLEMENTED', async (name, status) => {
  const { headers } = await rawCall(session, `/event_store.client.unknown.${name}`, framed(Buffer.alloc(0)), KEY)
  expect(headers['grpc-status']).toBe(String(status))
})

test.each([
  ['a wrong key', { 'connection-name': 'guess' }],
  ['no key', {}],
])('refuses %s', async (_, headers) => {
  const answer = await rawCall(session, `${STREAMS}/Read`, framed(Buffer.alloc(0)), headers as Record<string, string>)
  expect(answer.headers['grpc-status']).toBe('16')
})

const broken: [string, string, Buffer, string][] = [
  ['a length beyond the limit', 'Read', Buffer.from([0, 255, 255, 255, 255, 1, 2, 3]), '8'],
  ['a compressed message', 'Read', Buffer.from([1, 0, 0, 0, 1, 0]), '12'],
  ['a message cut short', 'Read', Buffer.from([0, 0, 0, 0, 9, 1]), '13'],
  ['no message', 'Read', Buffer.alloc(0), '13'],
  ['two messages for one', 'Read', framed(Buffer.alloc(0), Buffer.alloc(0)), '13'],
  ['an empty message', 'Read', framed(Buffer.alloc(0)), '3'],
  ['a field that ends behind the message', 'Read', framed(Buffer.from([0x0a, 0x7f, 1])), '3'],
  ['an endless varint', 'Delete', framed(Buffer.alloc(30, 0xff)), '3'],
  ['a field number of zero', 'Tombstone', framed(Buffer.from([0x00, 0x01])), '3'],
  ['events before the options', 'Append', framed(Buffer.from([0x12, 0x00])), '3'],
  ['a batch without a correlation id', 'BatchAppend', framed(Buffer.from([0x20, 0x01])), '3'],
  [
    'an event without a type',
    'Append',
    framed(
      new ProtoWriter().bytes(1, batchOptions('s')).finish(),
      new ProtoWriter().message(2, (event) => event.message(1, (uuid) => uuid.string(2, randomUUID()))).finish(),
    ),
    '3',
  ],
  [
    'a stream name that is not UTF-8',
    'Append',
    framed(
      new ProtoWriter()
        .message(1, (options) => options.message(1, (id) => id.bytes(3, Buffer.from([0xff]))).empty(4))
        .finish(),
    ),
    '3',
  ],
  [
    'a stream name of a megabyte',
    'Append',
    framed(new ProtoWriter().bytes(1, batchOptions('x'.repeat(MEBIBYTE))).finish()),
    '3',
  ],
]

test.each(broken)('answers %s with an error', async (_, method, bytes, status) => {
  const { headers } = await rawCall(session, `${STREAMS}/${method}`, bytes, KEY)
  expect(headers['grpc-status']).toBe(status)
})

test('names the keys that an event lacks, as clients expect it', async () => {
  const bytes = framed(
    new ProtoWriter().bytes(1, batchOptions('s')).finish(),
    new ProtoWriter().message(2, (event) => event.message(1, (uuid) => uuid.string(2, randomUUID()))).finish(),
  )
  const { headers } = await rawCall(session, `${STREAMS}/Append`, bytes, KEY)
  expect(headers).toMatchObject({
    exception: 'missing-required-metadata-property',
    'required-metadata-properties': 'type,content-type',
  })
})

test('outlives random bytes in messages of every call', async () => {
  for (const method of ['Read', 'Append', 'BatchAppend', 'Delete', 'Tombstone']) {
    for (let round = 0; round < 30; round++) {
      const answer = await rawCall(session, `${STREAMS}/${method}`, framed(randomBytes(round * 3)), KEY)
      expect(answer.headers['grpc-status']).not.toBe(undefined)
    }
  }
  await stillServes()
})

test('outlives connections that do not speak HTTP/2', async () => {
  for (let round = 0; round < 20; round++) {
    await new Promise<void>((resolve) => {
      const socket = connect(server.port, '127.0.0.1', () => socket.end(randomBytes(2_000)))
      socket.on('error', () => undefined)
      socket.on('close', () => resolve())
      socket.resume()
    })
  }
  await stillServes()
})

test('ends an append without an end, and keeps nothing of it', async () => {
  const event = chunk(randomUUID(), MEBIBYTE / 2)
  const proposed = (body: Buffer) => new ProtoWriter(body.length + 20).bytes(2, body).finish()
  const options = new ProtoWriter().bytes(1, batchOptions('endless')).finish()
  const body = new ProtoWriter(MEBIBYTE)
    .message(1, (uuid) => uuid.string(2, randomUUID()))
    .message(2, (entry) => entry.string(1, 'type').string(2, 'T'))
    .message(2, (entry) => entry.string(1, 'content-type').string(2, 'application/json'))
    .bytes(4, event)
    .finish()
  const before = memory()
  const endless = Buffer.concat([framed(options), ...Array.from({ length: 100 }, () => framed(proposed(body)))])
  const { headers } = await rawCall(session, `${STREAMS}/Append`, endless, KEY)
  expect(headers.exception).toBe('maximum-append-size-exceeded')
  await stillServes()
  expect(memory() - before).toBeLessThan(100 * MEBIBYTE)
})

test('bounds what batches without an end may hold', async () => {
  const before = memory()
  const unfinished = Array.from({ length: 400 }, () => framed(chunk(randomUUID(), MEBIBYTE / 2, batchOptions('never'))))
  const stream = session.request({
    ':method': 'POST',
    ':path': `${STREAMS}/BatchAppend`,
    'content-type': 'application/grpc',
    ...KEY,
  })
  stream.on('error', () => undefined)
  let answered = 0
  stream.on('data', () => answered++)
  for (const part of unfinished) {
    if (!stream.write(part)) await new Promise((resolve) => stream.once('drain', resolve))
  }
  // Those beyond the bound are refused at once, the others when their time is over.
  while (answered === 0) await new Promise((resolve) => setTimeout(resolve, 20))
  expect(memory() - before).toBeLessThan(250 * MEBIBYTE)
  stream.close()
  await stillServes()
})

test.each(['Append', 'BatchAppend'] as const)(
  'holds nothing of an %s that was given up before its end',
  async (call) => {
    const large = numbered(3).map((event) => ({ ...event, data: { filling: 'x'.repeat(MEBIBYTE / 4) } }))
    const bytes = framed(...appendMessages(call, newStream(), large, 'any').slice(0, -1))
    const giveUp = async () => {
      const stream = session.request({
        ':method': 'POST',
        ':path': `${STREAMS}/${call}`,
        'content-type': 'application/grpc',
        ...KEY,
      })
      stream.on('error', () => undefined)
      await new Promise((resolve) => stream.write(bytes, resolve))
      await new Promise((resolve) => session.ping(resolve))
      stream.close(constants.NGHTTP2_CANCEL)
      await new Promise((resolve) => stream.once('close', resolve))
    }
    for (let round = 0; round < 50; round++) await giveUp()
    const before = memory()
    for (let round = 0; round < 400; round++) await giveUp()
    expect(memory() - before).toBeLessThan(80 * MEBIBYTE)
    await stillServes()
  },
)

const GROUPS = 'persistent_subscriptions.PersistentSubscriptions'
const readers: [service: string, options: (options: ProtoWriter) => void][] = [
  ['streams.Streams', (options) => options.empty(2).uint(5, 1_000_000)],
  ['streams.Streams', (options) => options.empty(2).empty(6)],
  [GROUPS, (options) => options.string(2, 'greedy').uint(3, 100_000).empty(5)],
]

test('holds nothing for readers that ask for everything and take nothing', async () => {
  const stream = newStream()
  for (let written = 0; written < 60; written++) {
    await client.appendToStream(stream, binaryEvent({ type: 'Big', data: randomBytes(MEBIBYTE / 2) }))
  }
  await client.createPersistentSubscriptionToAll('greedy', allSettings({ startFrom: 'start' }))
  const before = memory()
  const opened = await Promise.all(
    readers.flatMap(([service, write]) =>
      Array.from({ length: 10 }, async () => {
        const greedy = openSession(server.port)
        const request = greedy.request({
          ':method': 'POST',
          ':path': `/event_store.client.${service}/Read`,
          'content-type': 'application/grpc',
          ...KEY,
        })
        request.on('error', () => undefined)
        const body = new ProtoWriter().message(1, (options) => {
          write(options)
          if (service.startsWith('streams')) options.empty(8).message(9, (uuid) => uuid.empty(2))
          else options.message(4, (uuid) => uuid.empty(2))
        })
        request.write(framed(body.finish()))
        if (service.startsWith('streams')) request.end()
        await new Promise((resolve) => request.once('response', resolve))
        return greedy
      }),
    ),
  )
  await stillServes()
  expect(memory() - before).toBeLessThan(150 * MEBIBYTE)
  for (const greedy of opened) greedy.destroy()
  await client.deletePersistentSubscriptionToAll('greedy')
  await stillServes()
})

test('outlives calls that are opened and given up at once', async () => {
  for (let round = 0; round < 20; round++) {
    const streams = Array.from({ length: 50 }, () => {
      const stream = session.request({
        ':method': 'POST',
        ':path': `${STREAMS}/Read`,
        'content-type': 'application/grpc',
        ...KEY,
      })
      stream.on('error', () => undefined)
      return stream
    })
    await new Promise(setImmediate)
    for (const stream of streams) stream.close(8)
    if (session.destroyed) session = openSession(server.port)
  }
  await stillServes()
})
