import { createHash } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type ClientHttp2Session, connect, constants } from 'node:http2'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  binaryEvent,
  EventStoreDBClient,
  jsonEvent,
  persistentSubscriptionToStreamSettingsFromDefaults,
  START,
} from '@eventstore/db-client'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type EmbeddedEventStore, startEmbeddedEventStore } from '../../../src/embedded/eventstore/index.js'
import { MessageAssembler } from '../../../src/embedded/eventstore/wire/messageAssembler.js'
import { ProtoWriter } from '../../../src/embedded/eventstore/wire/protoWriter.js'
import { appendMessages } from '../../support/eventstore/appendMessages.js'
import { selfSigned } from '../../support/eventstore/certificate.js'
import { linkTo } from '../../support/eventstore/links.js'
import { framed, rawCall } from '../../support/eventstore/rawCall.js'
import { newStream } from '../../support/eventstore/server.js'
import { type SlowProxy, startSlowProxy } from '../../support/eventstore/slowProxy.js'

/** Answers are collected in buffers that are used again, from records on loan. No reader may see the next one's. */
const { ReadResp } = createRequire(import.meta.url)('@eventstore/db-client/generated/streams_pb.js')

const STREAM = 'mixed'
const LINKS = 'links'
const GROUP = 'group'
/** More of them than a window and the buffers of a call hold. */
const SMALL = Array.from({ length: 300 }, (_, revision) => revision)
const small = (n: number) => ({ n, filling: `${n} `.repeat(100) })
/** Smaller than a frame, than a window, than a batch, and larger than all of them. */
const SIZES = [40, 3_000, 70_000, 10, 250_000, 900]
const EVENTS = 20 * SIZES.length
const forwards = Array.from({ length: EVENTS }, (_, revision) => revision)

const dataOf = (revision: number) =>
  Buffer.alloc(SIZES[revision % SIZES.length] as number, createHash('sha256').update(`${revision}`).digest('hex'))

const directory = mkdtempSync(join(tmpdir(), 'eventstore-'))
const tls = selfSigned()

beforeAll(async () => {
  await using store = await startEmbeddedEventStore({ directory })
  const client = EventStoreDBClient.connectionString(store.connectionString)
  for (let from = 0; from < EVENTS; from += SIZES.length) {
    const revisions = forwards.slice(from, from + SIZES.length)
    await client.appendToStream(
      STREAM,
      revisions.map((revision) => binaryEvent({ type: 'Mixed', data: dataOf(revision) })),
    )
  }
  await client.appendToStream(
    LINKS,
    forwards.map((revision) => linkTo(STREAM, revision)),
  )
  const settings = persistentSubscriptionToStreamSettingsFromDefaults({ startFrom: START, resolveLinkTos: true })
  await client.createPersistentSubscriptionToStream(LINKS, GROUP, settings)
  await client.dispose()
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const APPEND = '/event_store.client.streams.Streams/Append'
const READ = '/event_store.client.streams.Streams/Read'
const READ_GROUP = '/event_store.client.persistent_subscriptions.PersistentSubscriptions/Read'

interface ReadOptions {
  readonly stream?: string
  readonly backwards?: boolean
  readonly from?: 'start' | 'end'
  readonly isSubscription?: boolean
  readonly structured?: boolean
}

const request = (options: ReadOptions) => {
  const { stream, backwards = false, isSubscription = false, structured = false } = options
  const { from = backwards ? 'end' : 'start' } = options
  const message = new ProtoWriter().message(1, (body) => {
    if (stream === undefined) body.message(2, (all) => all.empty(from === 'end' ? 3 : 2))
    else body.message(1, (target) => target.message(1, (name) => name.string(3, stream)).empty(from === 'end' ? 4 : 3))
    body.uint(3, backwards ? 1 : 0).bool(4, stream === LINKS)
    if (isSubscription) body.empty(6)
    else body.uint(5, 10_000)
    body.empty(8).message(9, (uuid) => uuid.empty(structured ? 1 : 2))
  })
  return framed(message.finish())
}
const groupRequest = framed(
  new ProtoWriter()
    .message(1, (body) => {
      body
        .message(1, (name) => name.string(3, LINKS))
        .string(2, GROUP)
        .uint(3, EVENTS)
      body.message(4, (uuid) => uuid.empty(2))
    })
    .finish(),
)

interface Source {
  readonly stream: string
  readonly dataOf: (revision: number) => Buffer
}
type ReadCall = readonly [path: string, bytes: Buffer, expected: readonly number[], source: Source]

const mixed: Source = { stream: STREAM, dataOf }
const backwards = forwards.toReversed()
const calls: ReadCall[] = [
  [READ, request({}), forwards, mixed],
  [READ, request({ backwards: true }), backwards, mixed],
  [READ, request({ stream: STREAM }), forwards, mixed],
  [READ, request({ stream: STREAM, backwards: true, structured: true }), backwards, mixed],
  [READ, request({ stream: LINKS }), forwards, mixed],
  [READ, request({ isSubscription: true }), forwards, mixed],
  [READ, request({ stream: STREAM, isSubscription: true }), forwards, mixed],
  [READ, request({ stream: LINKS, isSubscription: true, structured: true }), forwards, mixed],
  [READ_GROUP, groupRequest, forwards, mixed],
]

interface Pace {
  /** Ends the call when it has so many events. */
  readonly count: number
  /** Pause after each frame, in ms. */
  readonly pause: number
  /** Called with the first frame. */
  readonly onFirst?: () => void
  /** Nothing more is taken until then. */
  readonly until?: Promise<unknown>
}

/** Takes the events of a call a frame at a time, and tells which of them are not what was written. */
function readSlowly(
  session: ClientHttp2Session,
  headers: Record<string, string>,
  [path, bytes, , source]: ReadCall,
  { count, pause, onFirst = () => undefined, until = Promise.resolve() }: Pace,
): Promise<{ revisions: number[]; damaged: number[] }> {
  const revisions: number[] = []
  const damaged: number[] = []
  const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', ...headers })
  const assembler = new MessageAssembler((message) => {
    const event = ReadResp.deserializeBinary(message).getEvent()?.getEvent()
    if (!event || Buffer.from(event.getStreamIdentifier().getStreamName_asU8()).toString() !== source.stream) return
    const revision = Number(event.getStreamRevision())
    revisions.push(revision)
    if (!source.dataOf(revision).equals(event.getData_asU8())) damaged.push(revision)
  })
  return new Promise((resolve, reject) => {
    stream.on('error', reject)
    stream.once('data', onFirst)
    stream.on('data', (chunk: Buffer) => {
      try {
        assembler.push(chunk)
      } catch (error) {
        return stream.destroy(error as Error)
      }
      if (revisions.length >= count) return stream.close(constants.NGHTTP2_CANCEL)
      stream.pause()
      void until.then(() => setTimeout(() => stream.resume(), pause))
    })
    stream.on('close', () => resolve({ revisions: revisions.slice(0, count), damaged }))
    stream.write(bytes)
    if (path === READ) stream.end()
  })
}

const servers = [
  { name: 'in clear', options: {}, scheme: 'http' },
  { name: 'over TLS', options: { tls, users: { admin: 'secret' } }, scheme: 'https' },
]

describe.each(servers)('slow readers on one connection $name each see what is theirs', ({ options, scheme }) => {
  let store: EmbeddedEventStore
  let proxy: SlowProxy
  let session: ClientHttp2Session
  let headers: Record<string, string>
  beforeEach(async () => {
    store = await startEmbeddedEventStore({ directory, ...options })
    proxy = await startSlowProxy(store.port)
    session = connect(`${scheme}://localhost:${proxy.port}`, { ca: tls.certificate })
    const authorization = `Basic ${Buffer.from('admin:secret').toString('base64')}`
    headers = { 'connection-name': store.accessKey, authorization }
  })
  afterEach(async () => {
    session.destroy()
    await proxy.stop()
    await store.stop()
  })

  test('while others are cancelled in their midst', async () => {
    const cancelled = calls.map(async (call, index) => {
      for (let count = index + 1; count < EVENTS / 2; count += 11) {
        const expected = { revisions: call[2].slice(0, count), damaged: [] }
        expect(await readSlowly(session, headers, call, { count, pause: index % 3 })).toEqual(expected)
      }
    })
    const whole = calls
      .filter(([path]) => path === READ)
      .map(async (call, index) => {
        const expected = { revisions: call[2], damaged: [] }
        expect(await readSlowly(session, headers, call, { count: EVENTS, pause: index % 4 })).toEqual(expected)
      })
    await Promise.all([...cancelled, ...whole])
  }, 120_000)

  test('while events come one by one that they do not take', async () => {
    const stream = newStream()
    const source: Source = { stream, dataOf: (revision) => Buffer.from(JSON.stringify(small(revision))) }
    const live: ReadCall[] = [
      [READ, request({ from: 'end', isSubscription: true }), SMALL, source],
      [READ, request({ stream, isSubscription: true }), SMALL, source],
      [READ, request({ stream, isSubscription: true, structured: true }), SMALL, source],
    ]
    const writeAll = async () => {
      for (const revision of SMALL) {
        const event = jsonEvent({ type: 'Small', data: small(revision) })
        const messages = appendMessages('Append', stream, [event], 'any')
        const answer = await rawCall(session, APPEND, framed(...messages), headers)
        expect(answer.headers['grpc-status']).toBe('0')
      }
    }
    const begun = new EventEmitter()
    const written = once(begun, 'all').then(writeAll)
    let silent = live.length
    const onFirst = () => {
      if (--silent === 0) begun.emit('all')
    }
    const pace: Pace = { count: SMALL.length, pause: 0, onFirst, until: written }
    const taken = await Promise.all(live.map((call) => readSlowly(session, headers, call, pace)))
    for (const each of taken) expect(each).toEqual({ revisions: SMALL, damaged: [] })
  }, 120_000)
})
