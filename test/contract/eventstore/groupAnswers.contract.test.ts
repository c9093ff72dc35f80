import { randomUUID } from 'node:crypto'
import {
  persistentSubscriptionToAllSettingsFromDefaults as allSettings,
  eventTypeFilter,
  persistentSubscriptionToStreamSettingsFromDefaults as streamSettings,
} from '@eventstore/db-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { collect, numbered, rejection } from '../../support/eventstore/events.js'
import { confirmed, connectTo, receive, until } from '../../support/eventstore/groups.js'
import { inboxOf } from '../../support/eventstore/inbox.js'
import { newStream, startTestServer, type TestServer } from '../../support/eventstore/server.js'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.stop())

type Settings = Parameters<typeof streamSettings>[0]

/** A group `g` on a new stream of `count` events, from the start. */
const groupOn = async (count: number, settings: Settings = {}) => {
  const stream = newStream()
  await server.client.appendToStream(stream, numbered(count))
  await server.client.createPersistentSubscriptionToStream(
    stream,
    'g',
    streamSettings({ startFrom: 'start', ...settings }),
  )
  return stream
}
const infoOf = (stream: string) => server.client.getPersistentSubscriptionToStreamInfo(stream, 'g')
const parkedStream = (stream: string) => `$persistentsubscription-${stream}::g-parked`
const parkedCount = async (stream: string) => (await infoOf(stream)).stats.parkedMessageCount
const ask = (subscription: { nack: unknown }, action: string, reason: string, resolved: never) =>
  (subscription.nack as (...args: unknown[]) => Promise<void>).call(subscription, action, reason, resolved)

test('a message to be retried comes before new ones, and several in the order of the stream', async () => {
  const stream = await groupOn(4)
  const { subscription, inbox } = connectTo(server.client, stream, 'g', 2)
  const [first, second] = await inbox.take(2)
  await subscription.nack('retry', 'later', second!.resolved, first!.resolved)
  const received = await inbox.take(4)
  expect(received.slice(2).map(({ n, retryCount }) => [n, retryCount])).toEqual([
    [0, 1],
    [1, 1],
  ])
  await subscription.ack(...received.slice(2).map(({ resolved }) => resolved))
  expect((await inbox.take(6)).slice(4).map(({ n, retryCount }) => [n, retryCount])).toEqual([
    [2, 0],
    [3, 0],
  ])
  await subscription.unsubscribe()
})

const answers: [action: string, comesBack: boolean, isParked: boolean][] = [
  ['retry', true, false],
  ['unknown', true, false],
  ['park', false, true],
  ['skip', false, false],
  ['stop', false, false],
]

test.each(answers)('nack with %s: delivered again %s, parked %s', async (action, comesBack, isParked) => {
  const stream = await groupOn(2)
  const { subscription, inbox } = connectTo(server.client, stream, 'g', 1)
  const [first] = await inbox.take(1)
  await ask(subscription, action, 'because', first!.resolved)
  const next = (await inbox.take(2))[1]!
  expect([next.n, next.retryCount]).toEqual(comesBack ? [0, 1] : [1, 0])
  if (isParked) await until(async () => (await parkedCount(stream)) === 1n)
  expect(await parkedCount(stream)).toBe(isParked ? 1n : 0n)
  await subscription.unsubscribe()
})

test('a parked message says when, why and where it stood', async () => {
  const stream = await groupOn(2)
  const { subscription, inbox } = connectTo(server.client, stream, 'g')
  const [, second] = await inbox.take(2)
  await subscription.nack('park', 'no such order', second!.resolved)
  await until(async () => (await parkedCount(stream)) === 1n)
  const [parked] = await collect(server.client.readStream(parkedStream(stream)))
  expect(Buffer.from(parked!.event!.data as never).toString()).toBe(`1@${stream}`)
  expect(parked?.event?.metadata).toEqual({
    added: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    reason: "Client explicitly NAK'ed message.\nno such order",
    subscriptionEventNumber: 1,
  })
  await subscription.unsubscribe()
})

test('a message that is not answered in time is parked after its last retry', async () => {
  const stream = await groupOn(1, { messageTimeout: 20, maxRetryCount: 1 })
  const { subscription, inbox } = connectTo(server.client, stream, 'g')
  await until(async () => (await parkedCount(stream)) === 1n)
  expect(inbox.items.map(({ retryCount }) => retryCount)).toEqual([0, 1])
  await subscription.unsubscribe()
})

test('replayed messages are retried from anew, and cut off the parked stream', async () => {
  const stream = await groupOn(2, { maxRetryCount: 0 })
  const { subscription, inbox } = connectTo(server.client, stream, 'g')
  for (const { resolved } of await inbox.take(2)) await subscription.nack('retry', 'later', resolved)
  await until(async () => (await parkedCount(stream)) === 2n)
  await server.client.replayParkedMessagesToStream(stream, 'g')
  expect((await inbox.take(4)).slice(2).map(({ n, retryCount }) => [n, retryCount])).toEqual([
    [0, 0],
    [1, 0],
  ])
  expect((await server.client.getStreamMetadata(parkedStream(stream))).metadata).toMatchObject({ truncateBefore: 2 })
  expect(await collect(server.client.readStream(parkedStream(stream)))).toEqual([])
  await subscription.unsubscribe()
})

test('a group without resolution hands out links as they are', async () => {
  const target = newStream()
  const links = newStream('links')
  await server.client.appendToStream(target, numbered(1))
  const data = Buffer.from(`0@${target}`)
  const link = { id: randomUUID(), type: '$>', contentType: 'application/octet-stream', data, metadata: undefined }
  await server.client.appendToStream(links, link as never)
  await server.client.createPersistentSubscriptionToStream(links, 'g', streamSettings({ startFrom: 'start' }))
  const subscription = server.client.subscribeToPersistentSubscriptionToStream(links, 'g')
  const inbox = inboxOf(subscription, (item: { event?: { type: string }; link?: unknown }) => item)
  const [received] = await inbox.take(1)
  expect(received?.event?.type).toBe('$>')
  expect(received?.link).toBeUndefined()
  await subscription.unsubscribe()
})

test('an update drops the consumers and keeps the progress', async () => {
  const stream = await groupOn(3, { checkPointLowerBound: 1, checkPointAfter: 20 })
  const before = connectTo(server.client, stream, 'g')
  const [first] = await before.inbox.take(1)
  await before.subscription.ack(first!.resolved)
  await until(async () => (await infoOf(stream)).stats.lastCheckpointedEventRevision === 0n)
  await server.client.updatePersistentSubscriptionToStream(
    stream,
    'g',
    streamSettings({ startFrom: 'start', maxRetryCount: 7 }),
  )
  expect(await before.inbox.failure).toMatchObject({ type: 'persistent-subscription-dropped' })
  expect((await infoOf(stream)).settings.maxRetryCount).toBe(7)
  const after = connectTo(server.client, stream, 'g')
  expect((await after.inbox.take(2)).map(({ n }) => n)).toEqual([1, 2])
  await after.subscription.unsubscribe()
})

test('an update of a group on $all keeps its filter', async () => {
  const { client } = server
  const group = randomUUID()
  const filter = eventTypeFilter({ prefixes: [group] })
  await client.createPersistentSubscriptionToAll(group, allSettings({ startFrom: 'start' }), { filter })
  await client.updatePersistentSubscriptionToAll(group, allSettings({ startFrom: 'start', maxRetryCount: 2 }))
  await client.appendToStream(newStream(), [...numbered(1, 'Other'), ...numbered(1, group, 1)])
  const subscription = client.subscribeToPersistentSubscriptionToAll(group)
  expect((await inboxOf(subscription, receive).take(1))[0]?.n).toBe(1)
  await subscription.unsubscribe()
})

test('a group on $all starts at a position, parks out of sight of $all, and can be listed and deleted', async () => {
  const { client } = server
  const group = randomUUID()
  const stream = newStream()
  await client.appendToStream(stream, numbered(1))
  const { position } = await client.appendToStream(stream, numbered(2, 'Counted', 1))
  await client.createPersistentSubscriptionToAll(group, allSettings({ startFrom: position! }))
  expect((await client.getPersistentSubscriptionToAllInfo(group)).settings.startFrom).toEqual(position)
  const subscription = client.subscribeToPersistentSubscriptionToAll(group)
  const inbox = inboxOf(subscription, receive)
  const [received] = await inbox.take(1)
  expect(received?.n).toBe(2)
  await subscription.nack('park', 'broken', received!.resolved)
  const parked = async () => (await client.getPersistentSubscriptionToAllInfo(group)).stats.parkedMessageCount
  await until(async () => (await parked()) === 1n)
  expect(await collect(client.readStream(`$persistentsubscription-$all::${group}-parked`))).toHaveLength(1)
  const { position: after } = await client.appendToStream(newStream(), numbered(1))
  const between = await collect(client.readAll({ fromPosition: position! }))
  expect(between.map(({ event }) => event?.position?.commit)).toEqual([position!.commit, after!.commit])
  await client.replayParkedMessagesToAll(group)
  expect(await parked()).toBe(0n)
  expect((await client.listPersistentSubscriptionsToAll()).map(({ groupName }) => groupName)).toContain(group)
  await client.deletePersistentSubscriptionToAll(group)
  expect(await inbox.failure).toMatchObject({ type: 'persistent-subscription-dropped' })
  expect(await rejection(client.getPersistentSubscriptionToAllInfo(group))).toMatchObject({
    type: 'persistent-subscription-does-not-exist',
  })
})

test('a group tells how far it has come, and how far there is to go', async () => {
  const empty = newStream()
  await server.client.createPersistentSubscriptionToStream(empty, 'g', streamSettings({ startFrom: 'start' }))
  const none = await infoOf(empty)
  expect(none.status).toBe('Live')
  expect(none.stats.lastKnownEventRevision).toBeUndefined()
  expect(none.stats.lastCheckpointedEventRevision).toBeUndefined()

  const stream = await groupOn(3, { checkPointLowerBound: 1, checkPointUpperBound: 1 })
  const before = await infoOf(stream)
  expect(before.status).toBe('Behind')
  expect(before.stats.lastKnownEventRevision).toBe(2n)
  expect(before.stats.lastCheckpointedEventRevision).toBeUndefined()
  const { subscription, inbox } = connectTo(server.client, stream, 'g')
  await subscription.ack(...(await inbox.take(3)).map(({ resolved }) => resolved))
  await until(async () => (await infoOf(stream)).stats.lastCheckpointedEventRevision === 2n)
  expect((await infoOf(stream)).status).toBe('Live')
  await subscription.unsubscribe()
})

test('a group on $all tells that in positions', async () => {
  const { client } = server
  const group = randomUUID()
  const { position } = await client.appendToStream(newStream(), numbered(1))
  const settings = allSettings({ startFrom: position!, checkPointLowerBound: 1, checkPointUpperBound: 1 })
  await client.createPersistentSubscriptionToAll(group, settings)
  const stats = async () => (await client.getPersistentSubscriptionToAllInfo(group)).stats
  expect((await stats()).lastCheckpointedEventPosition).toBeUndefined()
  const { position: last } = await client.appendToStream(newStream(), numbered(1))
  expect((await stats()).lastKnownEventPosition).toEqual(last)
  const subscription = client.subscribeToPersistentSubscriptionToAll(group)
  const received = await inboxOf(subscription, receive).take(2)
  await subscription.ack(...received.map(({ resolved }) => resolved))
  await until(async () => (await stats()).lastCheckpointedEventPosition?.commit === last!.commit)
  expect((await stats()).lastCheckpointedEventPosition).toEqual(last)
  await subscription.unsubscribe()
})

test('a server without groups lists none', async () => {
  const empty = await startTestServer()
  expect(await empty.client.listAllPersistentSubscriptions()).toEqual([])
  expect(await rejection(empty.client.listPersistentSubscriptionsToAll())).toMatchObject({
    type: 'persistent-subscription-does-not-exist',
  })
  await empty.stop()
})

test('a restart of the subsystem drops the consumers and keeps the groups', async () => {
  const stream = await groupOn(1)
  const { subscription, inbox } = connectTo(server.client, stream, 'g')
  await confirmed(subscription)
  await server.client.restartPersistentSubscriptionSubsystem()
  expect(await inbox.failure).toMatchObject({ type: 'persistent-subscription-dropped' })
  const again = connectTo(server.client, stream, 'g')
  expect((await again.inbox.take(1))[0]?.n).toBe(0)
  await again.subscription.unsubscribe()
})

test('a consumer of a group that is not there is told so', async () => {
  const { inbox } = connectTo(server.client, newStream(), 'none')
  expect(await inbox.failure).toMatchObject({ type: 'persistent-subscription-does-not-exist' })
})
