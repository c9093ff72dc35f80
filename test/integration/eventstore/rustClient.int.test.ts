/**
 * The official client's successor. It reads and subscribes through the Rust client, with an HTTP/2 of its own, and writes by grpc-js.
 * The official client must not be loaded beside it: the generated messages of both have the same global names.
 */
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  BACKWARDS,
  END,
  eventTypeFilter,
  excludeSystemEvents,
  jsonEvent,
  KurrentDBClient,
  persistentSubscriptionToAllSettingsFromDefaults,
  persistentSubscriptionToStreamSettingsFromDefaults,
  START,
  streamNameFilter,
} from '@kurrent/kurrentdb-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type EmbeddedEventStore, startEmbeddedEventStore } from '../../../src/embedded/eventstore/index.js'
import { selfSigned } from '../../support/eventstore/certificate.js'
import { collect, rejection } from '../../support/eventstore/events.js'
import { inboxOf } from '../../support/eventstore/inbox.js'

const newStream = () => `test-${randomUUID()}`
const numbered = (count: number, type = 'Counted') =>
  Array.from({ length: count }, (_, n) => jsonEvent({ type, data: { n }, metadata: { by: 'rust' } }))

const directory = mkdtempSync(join(tmpdir(), 'eventstore-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

describe('in plain text', () => {
  const options = { directory: join(directory, 'plain'), accessKey: randomUUID() }
  let store: EmbeddedEventStore
  let client: KurrentDBClient
  beforeAll(async () => {
    store = await startEmbeddedEventStore(options)
    client = KurrentDBClient.connectionString(store.connectionString.replace('esdb:', 'kurrentdb:'))
  })
  afterAll(async () => {
    await client.dispose()
    await store.stop()
  })

  test('what is appended is read both ways', async () => {
    const stream = newStream()
    const appended = await client.appendToStream(stream, numbered(5), { streamState: 'no_stream' })
    expect(appended).toMatchObject({ success: true, nextExpectedRevision: 4n })
    const forwards = await collect(client.readStream(stream))
    expect(forwards.map(({ event }) => event)).toMatchObject(
      numbered(5).map(({ type, data, metadata }, n) => ({
        type,
        data,
        metadata,
        revision: BigInt(n),
        streamId: stream,
      })),
    )
    const backwards = client.readStream(stream, { direction: BACKWARDS, fromRevision: END, maxCount: 2 })
    expect((await collect(backwards)).map(({ event }) => event?.revision)).toEqual([4n, 3n])
  })

  test('$all is read as a whole and filtered, much of it as well', async () => {
    const stream = newStream()
    for (let append = 0; append < 5; append++) await client.appendToStream(stream, numbered(1_000))
    const filter = streamNameFilter({ prefixes: [stream] })
    const revisions = (await collect(client.readAll({ filter, maxCount: 10_000 }))).map(({ event }) => event?.revision)
    expect(revisions).toEqual(Array.from({ length: 5_000 }, (_, revision) => BigInt(revision)))
    const positions = (await collect(client.readAll())).map(({ commitPosition }) => commitPosition ?? 0n)
    expect(positions).toEqual([...positions].sort((a, b) => Number(a - b)))
    expect(positions.length).toBeGreaterThanOrEqual(5_000)
  })

  test('errors are those that the client knows', async () => {
    const stream = newStream()
    const failure = async (work: Promise<unknown>) => (await rejection(work)).type
    expect(await failure(collect(client.readStream(stream)))).toBe('stream-not-found')
    await client.appendToStream(stream, numbered(1))
    const append = (streamState: 'no_stream' | bigint) => client.appendToStream(stream, numbered(1), { streamState })
    expect(await failure(append('no_stream'))).toBe('wrong-expected-version')
    expect(await failure(append(7n))).toBe('wrong-expected-version')
    await client.tombstoneStream(stream)
    expect(await failure(collect(client.readStream(stream)))).toBe('stream-deleted')
    expect(await failure(append(0n))).toBe('stream-deleted')
    expect((await rejection(client.createProjection('p', 'fromAll()'))).message).toContain('UNIMPLEMENTED')
  })

  test('a subscription goes from what is there to what comes', async () => {
    const stream = newStream()
    await client.appendToStream(stream, numbered(3))
    const subscription = client.subscribeToStream(stream, { fromRevision: START })
    const inbox = inboxOf(subscription, ({ event }: { event: { revision: bigint } }) => event.revision)
    await inbox.take(3)
    await client.appendToStream(stream, numbered(3))
    expect(await inbox.take(6)).toEqual([0n, 1n, 2n, 3n, 4n, 5n])
    await subscription.unsubscribe()
  })

  test('a filtered subscription to $all tells how far it has come', async () => {
    const [wanted, other] = [newStream(), newStream()]
    let reached = 0n
    const filter = eventTypeFilter({
      regex: '^Rare$',
      checkpointInterval: 1,
      checkpointReached: (_: unknown, { commit }: { commit: bigint }) => {
        reached = commit
      },
    })
    const subscription = client.subscribeToAll({ fromPosition: END, filter })
    const inbox = inboxOf(subscription, ({ event }: { event: { streamId: string } }) => event.streamId)
    await new Promise((resolve) => subscription.once('confirmation', resolve))
    const { position } = await client.appendToStream(other, numbered(100))
    await client.appendToStream(wanted, numbered(1, 'Rare'))
    expect(await inbox.take(1)).toEqual([wanted])
    await client.appendToStream(other, numbered(100))
    while (reached < (position?.commit ?? 0n)) await new Promise((resolve) => setTimeout(resolve, 10))
    await subscription.unsubscribe()
  })

  test('metadata hides, and a deleted stream begins again', async () => {
    const stream = newStream()
    await client.appendToStream(stream, numbered(5))
    await client.setStreamMetadata(stream, { maxCount: 2 })
    expect(await client.getStreamMetadata(stream)).toMatchObject({ metadata: { maxCount: 2 } })
    expect(await collect(client.readStream(stream))).toHaveLength(2)
    await client.deleteStream(stream)
    expect((await rejection(collect(client.readStream(stream)))).type).toBe('stream-not-found')
    await client.appendToStream(stream, numbered(1))
    expect((await collect(client.readStream(stream))).map(({ event }) => event?.revision)).toEqual([5n])
  })

  test('a group hands out, parks and replays', async () => {
    const stream = newStream()
    const settings = persistentSubscriptionToStreamSettingsFromDefaults({ startFrom: START })
    await client.createPersistentSubscriptionToStream(stream, 'g', settings)
    await client.appendToStream(stream, numbered(4))
    const consumer = client.subscribeToPersistentSubscriptionToStream(stream, 'g')
    const inbox = inboxOf(consumer, (resolved: Parameters<typeof consumer.ack>[0]) => {
      const n = resolved.event?.revision
      const isFirst = inbox.items.length < 4
      void (isFirst && n === 2n ? consumer.nack('park', 'later', resolved) : consumer.ack(resolved))
      return n
    })
    expect(await inbox.take(4)).toEqual([0n, 1n, 2n, 3n])
    const parked = async () =>
      (await client.getPersistentSubscriptionToStreamInfo(stream, 'g')).stats.parkedMessageCount
    while (Number(await parked()) === 0) await new Promise((resolve) => setTimeout(resolve, 10))
    await client.replayParkedMessagesToStream(stream, 'g')
    expect(await inbox.take(5)).toEqual([0n, 1n, 2n, 3n, 2n])
    await consumer.unsubscribe()
    await client.deletePersistentSubscriptionToStream(stream, 'g')
  })

  test('a group of $all is made, changed, listed and taken away', async () => {
    const settings = persistentSubscriptionToAllSettingsFromDefaults()
    await client.createPersistentSubscriptionToAll('all', settings, { filter: excludeSystemEvents() })
    await client.updatePersistentSubscriptionToAll('all', { ...settings, maxRetryCount: 3 })
    const groups = await client.listAllPersistentSubscriptions()
    expect(groups.map(({ groupName, settings: { maxRetryCount } }) => [groupName, maxRetryCount])).toEqual([['all', 3]])
    await client.deletePersistentSubscriptionToAll('all')
  })

  test('the same client goes on after a restart of the server', async () => {
    const stream = newStream()
    await client.appendToStream(stream, numbered(1))
    await store.stop()
    store = await startEmbeddedEventStore({ ...options, port: store.port })
    const read = async (): Promise<number> => {
      for (let attempt = 0; ; attempt++) {
        try {
          return (await collect(client.readStream(stream))).length
        } catch (error) {
          if (attempt === 50) throw error
          await new Promise((resolve) => setTimeout(resolve, 50))
        }
      }
    }
    expect(await read()).toBe(1)
  })
})

describe('over TLS', () => {
  let store: EmbeddedEventStore
  let urlOf: (credentials: string, scheme?: string) => string
  beforeAll(async () => {
    const tls = selfSigned()
    const authority = join(directory, 'ca.pem')
    writeFileSync(authority, tls.certificate)
    const users = { admin: 'secret-1', ops: 'secret-2' }
    store = await startEmbeddedEventStore({ directory: join(directory, 'secured'), tls, users })
    urlOf = (credentials, scheme = 'kurrentdb') =>
      `${scheme}://${credentials}@localhost:${store.port}?tls=true&tlsCaFile=${encodeURIComponent(authority)}`
  })
  afterAll(() => store.stop())

  test.each(['kurrentdb', 'kurrentdb+discover'])('%s lets in who knows the password', async (scheme) => {
    const client = KurrentDBClient.connectionString(urlOf('admin:secret-1', scheme))
    const stream = newStream()
    await client.appendToStream(stream, numbered(3))
    expect(await collect(client.readStream(stream))).toHaveLength(3)
    expect((await collect(client.readAll({ maxCount: 2 }))).length).toBe(2)
    await client.dispose()
  })

  test('keeps others out, and $all from those who may not read it', async () => {
    const stranger = KurrentDBClient.connectionString(urlOf('admin:wrong'))
    expect((await rejection(stranger.appendToStream(newStream(), numbered(1)))).type).toBe('access-denied')
    expect((await rejection(collect(stranger.readAll({ maxCount: 1 })))).type).toBe('access-denied')
    await stranger.dispose()
    const operator = KurrentDBClient.connectionString(urlOf('ops:secret-2'))
    expect((await rejection(collect(operator.readAll({ maxCount: 1 })))).type).toBe('access-denied')
    await operator.dispose()
  })
})
