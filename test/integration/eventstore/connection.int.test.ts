import { once } from 'node:events'
import type { ClientHttp2Session, IncomingHttpHeaders } from 'node:http2'
import { createRequire } from 'node:module'
import { connect } from 'node:net'
import { EventStoreDBClient } from '@eventstore/db-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ProtoWriter } from '../../../src/embedded/eventstore/wire/protoWriter.js'
import { collect, numbered, rejection } from '../../support/eventstore/events.js'
import { inboxOf } from '../../support/eventstore/inbox.js'
import { framed, messagesOf, openSession, rawCall } from '../../support/eventstore/rawCall.js'
import { newStream, startTestServer, type TestServer } from '../../support/eventstore/server.js'

const generated = createRequire(import.meta.url)
const { ClusterInfo } = generated('@eventstore/db-client/generated/gossip_pb.js')
const { SupportedMethods } = generated('@eventstore/db-client/generated/serverfeatures_pb.js')

const EMPTY = framed(Buffer.alloc(0))
const LEADER = 8
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
const EMPTY_SETTINGS = '\0\0\0\x04\0\0\0\0\0'

let server: TestServer
let session: ClientHttp2Session
beforeAll(async () => {
  server = await startTestServer()
  session = openSession(server.store.port)
})
afterAll(async () => {
  session.destroy()
  await server.stop()
})

const urls: [string, (url: string, port: number) => string][] = [
  ['one host', (url) => url],
  ['discovery', (url) => url.replace('esdb:', 'esdb+discover:')],
  ['several hosts, some of them silent', (url, port) => url.replace(`:${port}`, `:1,127.0.0.1:${port}`)],
  ['a preference for followers', (url) => `${url.replace('esdb:', 'esdb+discover:')}&nodePreference=follower`],
  ['no preference', (url) => `${url.replace('esdb:', 'esdb+discover:')}&nodePreference=random`],
  ['credentials, which a client without TLS keeps to itself', (url) => url.replace('://', '://admin:changeit@')],
]

test.each(urls)('is reached by %s', async (_, urlOf) => {
  const client = EventStoreDBClient.connectionString(urlOf(server.store.connectionString, server.store.port))
  const stream = newStream()
  const options = { requiresLeader: true }
  expect(await client.appendToStream(stream, numbered(1), options)).toMatchObject({ success: true })
  expect(await collect(client.readStream(stream, options))).toHaveLength(1)
  await client.dispose()
})

test('gossips of one living leader, itself', async () => {
  const { body, headers } = await rawCall(session, '/event_store.client.gossip.Gossip/Read', EMPTY)
  expect(headers['grpc-status']).toBe('0')
  const { membersList } = ClusterInfo.deserializeBinary(messagesOf(body)[0]!).toObject()
  const [member] = membersList
  expect(membersList).toHaveLength(1)
  expect(member).toMatchObject({
    state: LEADER,
    isAlive: true,
    httpEndPoint: { address: '127.0.0.1', port: server.store.port },
  })
  expect(Math.abs(Number(member.timeStamp) / 10_000 - Date.now())).toBeLessThan(60_000)
})

test('tells which calls it answers, in lower case, each method of persistent subscriptions with both features', async () => {
  const path = '/event_store.client.server_features.ServerFeatures/GetSupportedMethods'
  const answer = SupportedMethods.deserializeBinary(messagesOf((await rawCall(session, path, EMPTY)).body)[0]!)
  const { methodsList, eventStoreServerVersion } = answer.toObject()
  expect(eventStoreServerVersion).toMatch(/^\d+\.\d+\.\d+$/)
  const methods: { serviceName: string; methodName: string; featuresList: string[] }[] = methodsList
  const found = new Map(methods.map((m) => [`${m.serviceName.split('.').at(-1)}/${m.methodName}`, m.featuresList]))
  for (const name of found.keys()) expect(name).toBe(name.toLowerCase())
  expect(found.get('streams/batchappend')).toEqual(['deadline_duration'])
  expect(found.get('streams/read')).toEqual(['position', 'events'])
  for (const method of ['create', 'update', 'delete', 'read', 'getinfo', 'replayparked', 'list', 'restartsubsystem']) {
    expect(found.get(`persistentsubscriptions/${method}`)).toEqual(['stream', 'all'])
  }
  expect(found.has('projections/create')).toBe(false)
})

const NOBODY = { username: 'nobody', password: 'none' }

test('answers an error before any message in the headers alone, its message readable', async () => {
  const headers = { 'connection-name': server.store.accessKey }
  const request = new ProtoWriter().message(1, (options) => {
    options.message(1, (name) => name.string(3, '$all')).empty(4)
  })
  const path = '/event_store.client.streams.Streams/Delete'
  const answer = await rawCall(session, path, framed(request.finish()), headers)
  expect(answer).toMatchObject({ status: 200, body: Buffer.alloc(0) })
  expect(answer.headers).toMatchObject({ 'content-type': 'application/grpc', exception: 'access-denied' })
  const deleted = 'Straße $all 100%'
  await server.client.tombstoneStream(deleted)
  const error = await rejection(server.client.appendToStream(deleted, numbered(1), { credentials: NOBODY }))
  expect(error.message).toContain(deleted)
})

describe('the headers of an answer', () => {
  const path = '/event_store.client.streams.Streams/Read'
  const begin = () =>
    session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      'connection-name': server.store.accessKey,
    })

  // Such a client waits for an acknowledgement before it sends the message (Nagle), and that is delayed until something is sent.
  test('come at once when the message has not come with those of the call', async () => {
    const call = begin()
    const [headers] = (await once(call, 'response')) as [IncomingHttpHeaders]
    expect([headers[':status'], headers['grpc-status']]).toEqual([200, undefined])
    call.end(Buffer.from([0, 0, 0, 0, 1, 255]))
    call.resume()
    const [trailers] = (await once(call, 'trailers')) as [IncomingHttpHeaders]
    expect(trailers['grpc-status']).toBe('3')
  })

  test('bear the status of a call that fails with its message', async () => {
    const call = begin()
    call.end(Buffer.from([0, 0, 0, 0, 1, 255]))
    const [headers] = (await once(call, 'response')) as [IncomingHttpHeaders]
    expect([headers[':status'], headers['grpc-status']]).toEqual([200, '3'])
  })
})

test('bears any number of pings', async () => {
  let goneAway = false
  session.on('goaway', () => {
    goneAway = true
  })
  for (let ping = 0; ping < 500; ping++) {
    await new Promise<void>((resolve, reject) => session.ping((error) => (error ? reject(error) : resolve())))
  }
  expect(goneAway).toBe(false)
})

test('keeps a quiet connection that answers its pings, and ends one that does not', async () => {
  const quick = await startTestServer({ keepAlive: 1_000 })
  const quiet = openSession(quick.store.port)
  let pings = 0
  quiet.on('ping', () => pings++)
  const deaf = connect(quick.store.port, '127.0.0.1', () => deaf.write(`${PREFACE}${EMPTY_SETTINGS}`, 'latin1'))
  await new Promise((resolve) => deaf.on('close', resolve).resume())
  while (pings < 2) await new Promise((resolve) => setTimeout(resolve, 10))
  expect(quiet.destroyed).toBe(false)
  quiet.destroy()
  await quick.stop()
})

test('ends subscriptions with an error at which clients connect again', async () => {
  const stream = newStream()
  const subscriptions = [
    inboxOf(server.client.subscribeToStream(stream), () => undefined),
    inboxOf(server.client.subscribeToAll({ fromPosition: 'end' }), () => undefined),
  ]
  await server.client.appendToStream(stream, numbered(1))
  await server.restart()
  for (const { failure } of subscriptions) {
    expect(['unavailable', 'cancelled']).toContain(((await failure) as { type?: string }).type)
  }
  const again = () => server.client.appendToStream(stream, numbered(1))
  expect((await again().catch(again)).nextExpectedRevision).toBe(1n)
})
