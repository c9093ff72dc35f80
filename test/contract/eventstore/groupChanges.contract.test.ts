import { randomUUID } from 'node:crypto'
import { END, persistentSubscriptionToStreamSettingsFromDefaults as streamSettings } from '@eventstore/db-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { collect, numbered } from '../../support/eventstore/events.js'
import { connectTo, until } from '../../support/eventstore/groups.js'
import { inboxOf } from '../../support/eventstore/inbox.js'
import { linkTo } from '../../support/eventstore/links.js'
import { newStream, startTestServer, type TestServer } from '../../support/eventstore/server.js'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.stop())

type Settings = Parameters<typeof streamSettings>[0]

const QUICK: Settings = { checkPointLowerBound: 1, checkPointAfter: 20 }
const fromStart = (settings: Settings = {}) => streamSettings({ startFrom: 'start', ...settings })
const create = (stream: string, settings: Settings = {}) =>
  server.client.createPersistentSubscriptionToStream(stream, 'g', fromStart(settings))

const groupOn = async (count: number, settings: Settings = {}) => {
  const stream = newStream()
  await server.client.appendToStream(stream, numbered(count))
  await create(stream, settings)
  return stream
}
const statsOf = async (stream: string) => (await server.client.getPersistentSubscriptionToStreamInfo(stream, 'g')).stats
const numbersOf = (items: readonly { n: number }[]) => items.map(({ n }) => n)

describe('an update', () => {
  const beginnings: [from: 'start' | bigint, to: typeof END | bigint, first: number][] = [
    ['start', END, 5],
    [3n, END, 5],
    [3n, 1n, 1],
    ['start', 4n, 4],
  ]

  test.each(beginnings)(
    'from %s to %s, of a group that has not come anywhere, begins at %s',
    async (from, to, first) => {
      const stream = await groupOn(5, { ...QUICK, startFrom: from })
      // Long enough for a checkpoint, if there were something to write.
      await new Promise((resolve) => setTimeout(resolve, 100))
      await server.client.updatePersistentSubscriptionToStream(stream, 'g', streamSettings({ startFrom: to }))
      await server.client.appendToStream(stream, numbered(1, 'Counted', 5))
      const { subscription, inbox } = connectTo(server.client, stream, 'g')
      expect(numbersOf(await inbox.take(1))).toEqual([first])
      await subscription.unsubscribe()
    },
  )

  test('to another beginning, of a group that has come somewhere, goes on where it was', async () => {
    const stream = await groupOn(3, QUICK)
    const before = connectTo(server.client, stream, 'g', 1)
    await before.subscription.ack((await before.inbox.take(1))[0]!.resolved)
    await before.inbox.take(2)
    await server.client.updatePersistentSubscriptionToStream(stream, 'g', streamSettings({ startFrom: END }))
    await before.inbox.failure
    const { subscription, inbox } = connectTo(server.client, stream, 'g')
    expect(numbersOf(await inbox.take(2))).toEqual([1, 2])
    await subscription.unsubscribe()
  })

  test('holds for who connects then: its timeout, its retries, its strategy', async () => {
    const stream = await groupOn(1)
    const changed = fromStart({ messageTimeout: 20, maxRetryCount: 0, consumerStrategyName: 'Pinned' })
    await server.client.updatePersistentSubscriptionToStream(stream, 'g', changed)
    const { subscription, inbox } = connectTo(server.client, stream, 'g')
    await until(async () => (await statsOf(stream)).parkedMessageCount === 1n)
    expect(inbox.items).toHaveLength(1)
    await subscription.unsubscribe()
  })
})

test('a group that is deleted and made again begins anew', async () => {
  const stream = await groupOn(2, QUICK)
  const first = connectTo(server.client, stream, 'g')
  await first.subscription.ack(...(await first.inbox.take(2)).map(({ resolved }) => resolved))
  await until(async () => (await statsOf(stream)).lastCheckpointedEventRevision === 1n)
  await server.client.deletePersistentSubscriptionToStream(stream, 'g')
  await create(stream)
  const { subscription, inbox } = connectTo(server.client, stream, 'g')
  expect(numbersOf(await inbox.take(2))).toEqual([0, 1])
  await subscription.unsubscribe()
})

test.each([
  ['updated', (stream: string) => server.client.updatePersistentSubscriptionToStream(stream, 'g', fromStart())],
  ['started anew', () => server.client.restartPersistentSubscriptionSubsystem()],
])('a consumer who connects again as soon as it is dropped finds the group that is %s', async (_, change) => {
  const stream = await groupOn(1)
  let current = connectTo(server.client, stream, 'g')
  await current.inbox.take(1)
  for (let round = 0; round < 10; round++) {
    const again = current.inbox.failure.then(async (error) => {
      expect(error).toMatchObject({ type: 'persistent-subscription-dropped' })
      const next = connectTo(server.client, stream, 'g')
      await next.inbox.take(1)
      return next
    })
    await change(stream)
    current = await again
  }
  await current.subscription.unsubscribe()
})

test('changes of a group that are asked for at once come one after the other', async () => {
  const { client } = server
  const stream = await groupOn(1)
  const update = (maxRetryCount: number) =>
    client.updatePersistentSubscriptionToStream(stream, 'g', fromStart({ maxRetryCount }))
  const outcomes = await Promise.allSettled([
    client.deletePersistentSubscriptionToStream(stream, 'g'),
    create(stream),
    update(1),
    create(stream),
    update(2),
  ])
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'fulfilled'])
  await client.restartPersistentSubscriptionSubsystem()
  const { settings } = await client.getPersistentSubscriptionToStreamInfo(stream, 'g')
  expect(settings.maxRetryCount).toBe(2)
})

describe('an answer for an id that is not in flight', () => {
  const stranger = { event: { id: randomUUID() } } as never

  test.each(['ack', 'park', 'retry', 'skip'] as const)('%s changes nothing', async (answer) => {
    const stream = await groupOn(2)
    const { subscription, inbox } = connectTo(server.client, stream, 'g', 1)
    const [first] = await inbox.take(1)
    const give = (message: never) =>
      answer === 'ack' ? subscription.ack(message) : subscription.nack(answer, '', message)
    await give(stranger)
    // What is acknowledged behind it shows that it was taken before.
    await subscription.ack(first!.resolved)
    await inbox.take(2)
    await give(first!.resolved)
    await give(stranger)
    expect(inbox.items.map(({ n, retryCount }) => [n, retryCount])).toEqual([
      [0, 0],
      [1, 0],
    ])
    expect(await statsOf(stream)).toMatchObject({ totalInFlightMessages: 1, parkedMessageCount: 0n, totalItems: 1n })
    await subscription.unsubscribe()
  })
})

describe('a replay of four parked messages', () => {
  const parkedFour = async () => {
    const stream = await groupOn(4)
    const { subscription, inbox } = connectTo(server.client, stream, 'g')
    for (const { resolved } of await inbox.take(4)) {
      const parked = (await statsOf(stream)).parkedMessageCount
      await subscription.nack('park', 'later', resolved)
      await until(async () => (await statsOf(stream)).parkedMessageCount > parked)
    }
    return { stream, subscription, inbox }
  }

  test.each([
    [0, [], 4n],
    [1, [0], 3n],
    [4, [0, 1, 2, 3], 0n],
    [99, [0, 1, 2, 3], 0n],
    [undefined, [0, 1, 2, 3], 0n],
  ])('up to %s gives %s, and %s stay', async (stopAt, expected, stay) => {
    const { stream, subscription, inbox } = await parkedFour()
    await server.client.replayParkedMessagesToStream(stream, 'g', stopAt === undefined ? {} : { stopAt })
    expect(numbersOf((await inbox.take(4 + expected.length)).slice(4))).toEqual(expected)
    expect((await statsOf(stream)).parkedMessageCount).toBe(stay)
    await subscription.unsubscribe()
  })

  test('that is asked for twice at once gives each of them once', async () => {
    const { stream, subscription, inbox } = await parkedFour()
    const replay = () => server.client.replayParkedMessagesToStream(stream, 'g')
    await Promise.all([replay(), replay(), replay()])
    await subscription.ack(...(await inbox.take(8)).slice(4).map(({ resolved }) => resolved))
    await server.client.appendToStream(stream, numbered(1, 'Counted', 4))
    expect(numbersOf((await inbox.take(9)).slice(4))).toEqual([0, 1, 2, 3, 4])
    await subscription.unsubscribe()
  })

  test('stops at a revision of the parked stream, also where some were replayed before', async () => {
    const { stream, subscription, inbox } = await parkedFour()
    await server.client.replayParkedMessagesToStream(stream, 'g', { stopAt: 1 })
    await server.client.replayParkedMessagesToStream(stream, 'g', { stopAt: 1 })
    await server.client.replayParkedMessagesToStream(stream, 'g', { stopAt: 3 })
    expect(numbersOf((await inbox.take(7)).slice(4))).toEqual([0, 1, 2])
    expect((await statsOf(stream)).parkedMessageCount).toBe(1n)
    await subscription.unsubscribe()
  })
})

describe('a replayed message that nobody has acknowledged is parked again', () => {
  const restarts: [string, (stream: string) => Promise<unknown>][] = [
    [
      'when its group is updated',
      (stream) => server.client.updatePersistentSubscriptionToStream(stream, 'g', fromStart()),
    ],
    ['when all groups are started anew', () => server.client.restartPersistentSubscriptionSubsystem()],
  ]
  const holders: [string, (stream: string) => Promise<unknown>][] = [
    ['which waits for a consumer', async () => undefined],
    ['which a consumer has', (stream) => connectTo(server.client, stream, 'g').inbox.take(2)],
  ]
  const cases = restarts.flatMap(([when, restart]) =>
    holders.map(([what, hold]) => [when, what, restart, hold] as const),
  )

  test.each(cases)('%s: one %s', async (_, __, restart, hold) => {
    const stream = await groupOn(2)
    const { subscription, inbox } = connectTo(server.client, stream, 'g')
    const received = (await inbox.take(2)).map(({ resolved }) => resolved)
    await subscription.nack('park', 'later', ...received)
    await until(async () => (await statsOf(stream)).parkedMessageCount === 2n)
    await subscription.unsubscribe()
    await until(
      async () => (await server.client.getPersistentSubscriptionToStreamInfo(stream, 'g')).connections.length === 0,
    )
    await server.client.replayParkedMessagesToStream(stream, 'g')
    expect((await statsOf(stream)).parkedMessageCount).toBe(0n)
    await hold(stream)
    await restart(stream)
    expect((await statsOf(stream)).parkedMessageCount).toBe(2n)
    await server.client.replayParkedMessagesToStream(stream, 'g')
    const again = connectTo(server.client, stream, 'g')
    expect(numbersOf(await again.inbox.take(2))).toEqual([0, 1])
    await again.subscription.unsubscribe()
  })
})

test('a group that resolves links delivers one whose event is gone by itself, and parks it', async () => {
  const { client } = server
  const [target, links] = [newStream(), newStream('links')]
  await client.appendToStream(target, numbered(2))
  await client.appendToStream(links, [linkTo(target, 0), linkTo(target, 1)])
  await client.setStreamMetadata(target, { truncateBefore: 1 })
  await create(links, { resolveLinkTos: true })
  const subscription = client.subscribeToPersistentSubscriptionToStream(links, 'g')
  type Item = { event?: { streamId: string }; link?: { streamId: string } }
  const inbox = inboxOf(subscription, (item: Item) => item)
  const [lost, found] = await inbox.take(2)
  expect([lost?.event, lost?.link?.streamId]).toEqual([undefined, links])
  expect([found?.event?.streamId, found?.link?.streamId]).toEqual([target, links])
  await subscription.nack('park', 'lost', lost as never)
  await until(async () => (await statsOf(links)).parkedMessageCount === 1n)
  const [parked] = await collect(client.readStream(`$persistentsubscription-${links}::g-parked`))
  expect(Buffer.from(parked!.event!.data as never).toString()).toBe(`0@${links}`)
  await subscription.unsubscribe()
})
