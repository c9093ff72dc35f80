import { once } from 'node:events'
import { type ClientHttp2Session, type ClientHttp2Stream, constants, connect as openHttp2 } from 'node:http2'
import { connect, type Socket } from 'node:net'
import { EventStoreDBClient, type JSONEventData } from '@eventstore/db-client'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Call } from '../../../src/embedded/eventstore/wire/call.js'
import { type AppendCall, appendMessages, type Expected } from '../../support/eventstore/appendMessages.js'
import { collect, numbered, rejection } from '../../support/eventstore/events.js'
import { openFrameByFrame } from '../../support/eventstore/frameByFrame.js'
import { type GatedServer, startGatedServer } from '../../support/eventstore/gatedServer.js'
import { framed, openSession } from '../../support/eventstore/rawCall.js'
import { newStream } from '../../support/eventstore/server.js'

/**
 * What becomes of an append whose caller has gone: by the protocol nobody knows whether it was written, so it is written
 * whole or not at all, and once even where it is repeated.
 */
let server: GatedServer
let client: EventStoreDBClient
let older: ReadonlySet<Call>
let socket: Socket
let session: ClientHttp2Session
beforeAll(async () => {
  server = await startGatedServer()
  client = EventStoreDBClient.connectionString(`esdb://127.0.0.1:${server.port}?tls=false`)
})
afterAll(async () => {
  await client.dispose()
  await server.stop()
})
beforeEach(async () => {
  older = new Set(server.calls)
  socket = connect(server.port, '127.0.0.1')
  session = openHttp2(`http://127.0.0.1:${server.port}`, { createConnection: () => socket })
  session.on('error', () => undefined)
  await once(session, 'connect')
})
afterEach(async () => {
  session.destroy()
  await server.openGates()
})

const CALLS: AppendCall[] = ['Append', 'BatchAppend']
const EXPECTED: Expected[] = ['any', 'no_stream']

const open = (call: AppendCall, headers: Record<string, string> = {}) => {
  const request = session.request({
    ':method': 'POST',
    ':path': `/event_store.client.streams.Streams/${call}`,
    'content-type': 'application/grpc',
    ...headers,
  })
  request.on('error', () => undefined)
  return request
}

const send = async (request: ClientHttp2Stream, call: AppendCall, bytes: Buffer, isWhole: boolean) => {
  if (isWhole && call === 'Append') request.end(bytes)
  else request.write(bytes)
  // Its answer shows that the server has taken everything before it.
  await new Promise((resolve) => session.ping(resolve))
}

const WAYS: [way: string, leave: (request: ClientHttp2Stream) => void, headers?: Record<string, string>][] = [
  ['cancels it', (request) => request.close(constants.NGHTTP2_CANCEL)],
  ['resets it without a reason', (request) => request.close(constants.NGHTTP2_NO_ERROR)],
  ['ends the connection', () => session.destroy()],
  ['breaks the connection off', () => socket.resetAndDestroy()],
  ['lets its time pass', () => undefined, { 'grpc-timeout': '500m' }],
]

const MOMENTS = ['inside a message', 'before its last part', 'before it is decided', 'before it is answered'] as const

/** Waits until the server has done with all calls of this test. The client keeps one open, which is older. */
const untilGone = async () => {
  while ([...server.calls].some((call) => !older.has(call))) await new Promise((resolve) => setTimeout(resolve, 1))
}

const idsIn = async (stream: string) => {
  try {
    return (await collect(client.readStream(stream))).map(({ event }) => event?.id)
  } catch (error) {
    if ((error as { type?: string }).type === 'stream-not-found') return []
    throw error
  }
}

const again = (call: AppendCall, stream: string, events: JSONEventData[], expectedRevision: Expected) => {
  const options = call === 'Append' ? { credentials: { username: 'a', password: 'b' } } : {}
  return client.appendToStream(stream, events, { expectedRevision, ...options })
}

describe.each(CALLS)('%s', (call) => {
  describe.each(WAYS)('whose caller %s', (_, leave, headers) => {
    const cases = MOMENTS.flatMap((moment) => EXPECTED.map((expected) => [moment, expected] as const))

    test.each(cases)('%s, expecting %s, is written whole or not at all, and once', async (moment, expected) => {
      const stream = newStream()
      const events = numbered(3)
      const messages = appendMessages(call, stream, events, expected)
      const isWhole = moment === 'before it is decided' || moment === 'before it is answered'
      const gate = isWhole ? server.close(moment === 'before it is decided' ? 'decision' : 'answer') : undefined
      const bytes = framed(...(isWhole || call === 'Append' ? messages : messages.slice(0, -1)))
      const request = open(call, headers)
      await send(request, call, moment === 'inside a message' ? bytes.subarray(0, -5) : bytes, isWhole)
      await gate?.waiting(1)
      leave(request)
      await untilGone()
      await gate?.open()

      const ids = events.map(({ id }) => id)
      expect(await idsIn(stream)).toEqual(moment === 'before it is answered' ? ids : [])
      for (let attempt = 0; attempt < 2; attempt++) {
        expect((await again(call, stream, events, expected)).nextExpectedRevision).toBe(2n)
        expect(await idsIn(stream)).toEqual(ids)
      }
    })
  })

  test('leaves no timer behind when its caller goes', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length
    const request = open(call, { 'grpc-timeout': '1H' })
    const before = timers()
    await send(request, call, framed(...appendMessages(call, newStream(), numbered(2), 'any').slice(0, 1)), false)
    expect(timers()).toBeGreaterThan(before)
    request.close(constants.NGHTTP2_CANCEL)
    await untilGone()
    expect(timers()).toBe(before)
  })

  test('in a queue behind others is taken out of it when its caller goes, and they are written', async () => {
    const gate = server.close('decision')
    const streams = Array.from({ length: 20 }, () => newStream())
    const requests = streams.map(() => open(call))
    for (const [index, request] of requests.entries()) {
      await send(request, call, framed(...appendMessages(call, streams[index]!, numbered(2), 'any')), true)
    }
    await gate.waiting(20)
    for (const request of requests.filter((_, index) => index % 2 === 0)) request.close(constants.NGHTTP2_CANCEL)
    while (server.calls.size > older.size + 10) await new Promise((resolve) => setTimeout(resolve, 1))
    await gate.open()
    const written = await Promise.all(streams.map(async (stream) => (await idsIn(stream)).length))
    expect(written).toEqual(streams.map((_, index) => (index % 2 === 0 ? 0 : 2)))
  })
})

describe('cancelled in its midst by Node, which ends a request before it resets it,', () => {
  let way: Awaited<ReturnType<typeof openFrameByFrame>>
  beforeAll(async () => {
    way = await openFrameByFrame(server.port)
  })
  afterAll(() => way.close())

  test('an Append is not written in part, however slowly the reset comes', async () => {
    const [stream, events] = [newStream(), numbered(3)]
    const cutting = openSession(way.port)
    const request = cutting.request({
      ':method': 'POST',
      ':path': '/event_store.client.streams.Streams/Append',
      'content-type': 'application/grpc',
    })
    request.on('error', () => undefined)
    request.write(framed(...appendMessages('Append', stream, events, 'any').slice(0, -1)))
    while (server.calls.size === older.size) await new Promise((resolve) => setTimeout(resolve, 1))
    request.close(constants.NGHTTP2_CANCEL)
    await untilGone()
    cutting.destroy()
    expect(await idsIn(stream)).toEqual([])
  })
})

describe('through the official client', () => {
  test('an Append whose deadline passes before it is decided is not written, and its repeat is', async () => {
    const [stream, events] = [newStream(), numbered(2)]
    const gate = server.close('decision')
    const credentials = { username: 'a', password: 'b' }
    const late = rejection(client.appendToStream(stream, events, { credentials, deadline: 500 }))
    await gate.waiting(1)
    expect(await late).toMatchObject({ type: 'deadline-exceeded' })
    await untilGone()
    await gate.open()
    expect(await idsIn(stream)).toEqual([])
    expect((await again('Append', stream, events, 'no_stream')).nextExpectedRevision).toBe(1n)
  })

  test('an Append whose deadline passes before it is answered is written, and its repeat is known', async () => {
    const [stream, events] = [newStream(), numbered(2)]
    const gate = server.close('answer')
    const credentials = { username: 'a', password: 'b' }
    const late = client.appendToStream(stream, events, { credentials, deadline: 500, expectedRevision: 'no_stream' })
    expect(await rejection(late)).toMatchObject({ type: 'deadline-exceeded' })
    await gate.waiting(1)
    await gate.open()
    expect((await again('Append', stream, events, 'no_stream')).nextExpectedRevision).toBe(1n)
    expect(await idsIn(stream)).toEqual(events.map(({ id }) => id))
  })

  test('a BatchAppend whose deadline passes before it is decided is not written, and its repeat is', async () => {
    const [stream, events] = [newStream(), numbered(2)]
    const gate = server.close('decision')
    const late = rejection(client.appendToStream(stream, events, { deadline: 500 }))
    await gate.waiting(1)
    await new Promise((resolve) => setTimeout(resolve, 510))
    await gate.open()
    expect(await late).toMatchObject({ type: 'deadline-exceeded' })
    expect(await idsIn(stream)).toEqual([])
    expect((await again('BatchAppend', stream, events, 'no_stream')).nextExpectedRevision).toBe(1n)
  })

  test.each(['decision', 'answer'] as const)(
    'a client disposed of before the %s of its append leaves it whole or none of it',
    async (moment) => {
      const [stream, events] = [newStream(), numbered(2)]
      const leaving = EventStoreDBClient.connectionString(`esdb://127.0.0.1:${server.port}?tls=false`)
      const gate = server.close(moment)
      const lost = rejection(leaving.appendToStream(stream, events, { expectedRevision: 'no_stream' }))
      await gate.waiting(1)
      await leaving.dispose()
      expect(await lost).toBeInstanceOf(Error)
      await untilGone()
      await gate.open()
      expect(await idsIn(stream)).toHaveLength(moment === 'answer' ? 2 : 0)
      expect((await again('Append', stream, events, 'no_stream')).nextExpectedRevision).toBe(1n)
      expect(await idsIn(stream)).toEqual(events.map(({ id }) => id))
    },
  )
})
