import { randomUUID } from 'node:crypto'
import {
  persistentSubscriptionToAllSettingsFromDefaults as allSettings,
  eventTypeFilter,
  streamNameFilter,
  persistentSubscriptionToStreamSettingsFromDefaults as streamSettings,
} from '@eventstore/db-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { collect, numbered, rejection } from '../../support/eventstore/events.js'
import { confirmed, connectTo, receive, until } from '../../support/eventstore/groups.js'
import { inboxOf } from '../../support/eventstore/inbox.js'
import { newStream, startTestServer, type TestServer } from '../../support/eventstore/server.js'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.stop())

const connect = (stream: string, group: string, bufferSize?: number) =>
  connectTo(server.client, stream, group, bufferSize)

describe('a group on a stream', () => {
  test('delivers what is there and what comes, each event once', async () => {
    const { client } = server
    const stream = newStream()
    await client.appendToStream(stream, numbered(3))
    await client.createPersistentSubscriptionToStream(stream, 'g', streamSettings({ startFrom: 'start' }))
    const { subscription, inbox } = connect(stream, 'g')
    await inbox.take(3)
    await client.appendToStream(stream, numbered(2, 'Counted', 3))
    const received = await inbox.take(5)
    expect(received.map(({ n }) => n)).toEqual([0, 1, 2, 3, 4])
    expect(received.every(({ retryCount }) => retryCount === 0)).toBe(true)
    await subscription.unsubscribe()
  })

  test('from the end delivers only what comes after its creation, even before anyone connects', async () => {
    const { client } = server
    const stream = newStream()
    await client.appendToStream(stream, numbered(3))
    await client.createPersistentSubscriptionToStream(stream, 'g', streamSettings({ startFrom: 'end' }))
    await client.appendToStream(stream, numbered(1, 'Counted', 3))
    const { subscription, inbox } = connect(stream, 'g')
    expect((await inbox.take(1))[0]?.n).toBe(3)
    await subscription.unsubscribe()
  })

  test('starts at the revision that was asked for', async () => {
    const { client } = server
    const stream = newStream()
    await client.appendToStream(stream, numbered(5))
    await client.createPersistentSubscriptionToStream(stream, 'g', streamSettings({ startFrom: 3n }))
    const { subscription, inbox } = connect(stream, 'g')
    expect((await inbox.take(2)).map(({ n }) => n)).toEqual([3, 4])
    await subscription.unsubscribe()
  })

  test('has no more in flight than the buffer of the consumer', async () => {
    const { client } = server
    const stream = newStream()
    await client.appendToStream(stream, numbered(20))
    await client.createPersistentSubscriptionToStream(stream, 'g', streamSettings({ startFrom: 'start' }))
    const { subscription, inbox } = connect(stream, 'g', 4)
    const first = await inbox.take(4)
    const info = await client.getPersistentSubscriptionToStreamInfo(stream, 'g')
    expect(inbox.items).toHaveLength(4)
    expect(info.stats.totalInFlightMessages).toBe(4)
    expect(info.connections[0]).toMatchObject({ availableSlots: 0, inFlightMessages: 4 })
    await subscription.ack(...first.map(({ resolved }) => resolved))
    expect((await inbox.take(8)).map(({ n }) => n)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    await subscription.unsubscribe()
  })

  test('retries in order and parks after the last retry', async () => {
    const { client } = server
    const stream = newStream()
    await client.appendToStream(stream, numbered(1))
    await client.createPersistentSubscriptionToStream(
      stream,
      'g',
      streamSettings({ startFrom: 'start', maxRetryCount: 2 }),
    )
    const { subscription, inbox } = connect(stream, 'g')
    for (let attempt = 0; attempt < 3; attempt++) {
      const received = (await inbox.take(attempt + 1))[attempt]!
      expect(received.retryCount).toBe(attempt)
      await subscription.nack('retry', 'not yet', received.resolved)
    }
    const parkedName = `$persistentsubscription-${stream}::g-parked`
    await until(
      async () => (await client.getPersistentSubscriptionToStreamInfo(stream, 'g')).stats.parkedMessageCount === 1n,
    )
    const [parked] = await collect(client.readStream(parkedName))
    expect(parked?.event).toMatchObject({ type: '$>', metadata: { reason: 'Reached retry count of 2' } })
    const [target] = await collect(client.readStream(parkedName, { resolveLinkTos: true }))
    expect(target?.event).toMatchObject({ streamId: stream, data: { n: 0 } })
    await subscription.unsubscribe()
  })

  test('parks, skips and replays as it is told', async () => {
    const { client } = server
    const stream = newStream()
    await client.appendToStream(stream, numbered(3))
    await client.createPersistentSubscriptionToStream(stream, 'g', streamSettings({ startFrom: 'start' }))
    const { subscription, inbox } = connect(stream, 'g')
    const [first, second, third] = await inbox.take(3)
    await subscription.nack('park', 'broken', first!.resolved)
    await subscription.nack('skip', 'unwanted', second!.resolved)
    await subscription.ack(third!.resolved)
    await until(
      async () => (await client.getPersistentSubscriptionToStreamInfo(stream, 'g')).stats.parkedMessageCount === 1n,
    )
    await client.replayParkedMessagesToStream(stream, 'g')
    const replayed = (await inbox.take(4))[3]!
    expect(replayed.n).toBe(0)
    const info = await client.getPersistentSubscriptionToStreamInfo(stream, 'g')
    expect(info.stats.parkedMessageCount).toBe(0n)
    await subscription.ack(replayed.resolved)
    await subscription.unsubscribe()
  })

  test('replays parked messages up to a limit', async () => {
    const { client } = server
    const stream = newStream()
    await client.appendToStream(stream, numbered(3))
    await client.createPersistentSubscriptionToStream(stream, 'g', streamSettings({ startFrom: 'start' }))
    const { subscription, inbox } = connect(stream, 'g')
    for (const received of await inbox.take(3)) await subscription.nack('park', 'later', received.resolved)
    await until(
      async () => (await client.getPersistentSubscriptionToStreamInfo(stream, 'g')).stats.parkedMessageCount === 3n,
    )
    await client.replayParkedMessagesToStream(stream, 'g', { stopAt: 2 })
    expect((await inbox.take(5)).slice(3).map(({ n }) => n)).toEqual([0, 1])
    expect((await client.getPersistentSubscriptionToStreamInfo(stream, 'g')).stats.parkedMessageCount).toBe(1n)
    await subscription.unsubscribe()
  })

  test('delivers again what is not answered in time', async () => {
    const { client } = server
    const stream = newStream()
    await client.appendToStream(stream, numbered(1))
    const settings = streamSettings({ startFrom: 'start', messageTimeout: 50 })
    await client.createPersistentSubscriptionToStream(stream, 'g', settings)
    const { subscription, inbox } = connect(stream, 'g')
    const received = await inbox.take(2)
    expect(received.map(({ n, retryCount }) => [n, retryCount])).toEqual([
      [0, 0],
      [0, 1],
    ])
    await subscription.unsubscribe()
  })

  test('gives the messages of a lost consumer to another', async () => {
    const { client } = server
    const stream = newStream()
    await client.appendToStream(stream, numbered(2))
    await client.createPersistentSubscriptionToStream(stream, 'g', streamSettings({ startFrom: 'start' }))
    const lost = connect(stream, 'g')
    await lost.inbox.take(2)
    await lost.subscription.unsubscribe()
    const { subscription, inbox } = connect(stream, 'g')
    expect((await inbox.take(2)).map(({ n, retryCount }) => [n, retryCount])).toEqual([
      [0, 1],
      [1, 1],
    ])
    await subscription.unsubscribe()
  })

  test('resolves links and is acknowledged by the id of the link', async () => {
    const { client } = server
    const target = newStream()
    const links = newStream('links')
    await client.appendToStream(target, numbered(1))
    await client.appendToStream(links, {
      id: randomUUID(),
      type: '$>',
      contentType: 'application/octet-stream',
      data: Buffer.from(`0@${target}`),
      metadata: undefined,
    } as never)
    await client.createPersistentSubscriptionToStream(
      links,
      'g',
      streamSettings({ startFrom: 'start', resolveLinkTos: true }),
    )
    const { subscription, inbox } = connect(links, 'g')
    const [received] = await inbox.take(1)
    expect((received!.resolved as { event: { streamId: string }; link: { streamId: string } }).link.streamId).toBe(
      links,
    )
    expect(received!.n).toBe(0)
    await subscription.ack(received!.resolved)
    await until(
      async () => (await client.getPersistentSubscriptionToStreamInfo(links, 'g')).stats.totalInFlightMessages === 0,
    )
    await subscription.unsubscribe()
  })
})

describe('consumers of one group', () => {
  const open = async (strategy: 'RoundRobin' | 'Pinned' | 'DispatchToSingle', bufferSize: number) => {
    const stream = newStream()
    await server.client.createPersistentSubscriptionToStream(
      stream,
      'g',
      streamSettings({ startFrom: 'start', consumerStrategyName: strategy }),
    )
    const consumers = [connect(stream, 'g', bufferSize), connect(stream, 'g', bufferSize)] as const
    await Promise.all(consumers.map(({ subscription }) => confirmed(subscription)))
    const close = () => Promise.all(consumers.map(({ subscription }) => subscription.unsubscribe()))
    return { stream, consumers, close }
  }

  test('take turns with RoundRobin', async () => {
    const { stream, consumers, close } = await open('RoundRobin', 10)
    await server.client.appendToStream(stream, numbered(6))
    const [first, second] = await Promise.all(consumers.map(({ inbox }) => inbox.take(3)))
    expect(first!.map(({ n }) => n % 2)).toEqual([first![0]!.n % 2, first![0]!.n % 2, first![0]!.n % 2])
    expect([...first!, ...second!].map(({ n }) => n).sort()).toEqual([0, 1, 2, 3, 4, 5])
    await close()
  })

  test('leave all to the first with DispatchToSingle while it has room', async () => {
    const { stream, consumers, close } = await open('DispatchToSingle', 4)
    await server.client.appendToStream(stream, numbered(6))
    await until(() => consumers[0].inbox.items.length + consumers[1].inbox.items.length === 6)
    expect(consumers.map(({ inbox }) => inbox.items.length).sort()).toEqual([2, 4])
    await close()
  })

  test('keep every stream with one consumer with Pinned', async () => {
    const streams = Array.from({ length: 12 }, () => newStream('pin'))
    const group = randomUUID()
    const settings = allSettings({ startFrom: 'end', consumerStrategyName: 'Pinned' })
    await server.client.createPersistentSubscriptionToAll(group, settings, {
      filter: streamNameFilter({ prefixes: ['pin-'] }),
    })
    const seen = [new Map<string, number[]>(), new Map<string, number[]>()]
    const subscriptions = seen.map((map) => {
      const subscription = server.client.subscribeToPersistentSubscriptionToAll(group, { bufferSize: 100 })
      subscription.on('data', (item) => {
        const { streamId, revision } = item.event!
        map.set(streamId, [...(map.get(streamId) ?? []), Number(revision)])
      })
      return subscription
    })
    await Promise.all(subscriptions.map((subscription) => confirmed(subscription as never)))
    for (const stream of streams) await server.client.appendToStream(stream, numbered(4))
    const total = () => seen.flatMap((map) => [...map.values()]).reduce((sum, revisions) => sum + revisions.length, 0)
    await until(() => total() === 48)
    for (const stream of streams) {
      const holders = seen.map((map) => map.get(stream)).filter((revisions) => revisions !== undefined)
      expect(holders).toEqual([[0, 1, 2, 3]])
    }
    await Promise.all(subscriptions.map((subscription) => subscription.unsubscribe()))
  })
})

describe('a group on $all', () => {
  test('delivers what its filter lets through', async () => {
    const { client } = server
    const group = randomUUID()
    const type = `Wanted${group}`
    await client.createPersistentSubscriptionToAll(group, allSettings({ startFrom: 'start' }), {
      filter: eventTypeFilter({ prefixes: [type] }),
    })
    const stream = newStream()
    await client.appendToStream(stream, [...numbered(1, 'Other'), ...numbered(2, type, 1)])
    const subscription = client.subscribeToPersistentSubscriptionToAll(group)
    const inbox = inboxOf(subscription, receive)
    expect((await inbox.take(2)).map(({ n }) => n)).toEqual([1, 2])
    const info = await client.getPersistentSubscriptionToAllInfo(group)
    expect(info).toMatchObject({ eventSource: '$all', groupName: group, status: 'Live' })
    await subscription.unsubscribe()
  })
})

describe('progress', () => {
  test('survives a restart of the server, without what is not acknowledged', async () => {
    const { client } = server
    const stream = newStream()
    await client.appendToStream(stream, numbered(4))
    const settings = streamSettings({ startFrom: 'start', checkPointLowerBound: 1, checkPointAfter: 20 })
    await client.createPersistentSubscriptionToStream(stream, 'g', settings)
    const { subscription, inbox } = connect(stream, 'g')
    const [first, second, , fourth] = await inbox.take(4)
    await subscription.ack(first!.resolved, second!.resolved, fourth!.resolved)
    await until(
      async () =>
        (await client.getPersistentSubscriptionToStreamInfo(stream, 'g')).stats.lastCheckpointedEventRevision === 1n,
    )
    await server.restart()
    await inbox.failure
    const again = await reconnect(stream)
    expect((await again.inbox.take(2)).map(({ n }) => n)).toEqual([2, 3])
    await again.subscription.unsubscribe()
  })

  const reconnect = async (stream: string) => {
    for (;;) {
      const opened = connect(stream, 'g')
      const outcome = await Promise.race([confirmed(opened.subscription), opened.inbox.failure])
      if (outcome === undefined) return opened
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
})

describe('management', () => {
  test('refuses what is there already, what is not there, and settings that cannot be', async () => {
    const { client } = server
    const stream = newStream()
    await client.createPersistentSubscriptionToStream(stream, 'g', streamSettings())
    const errors = await Promise.all([
      rejection(client.createPersistentSubscriptionToStream(stream, 'g', streamSettings())),
      rejection(client.updatePersistentSubscriptionToStream(stream, 'none', streamSettings())),
      rejection(client.deletePersistentSubscriptionToStream(stream, 'none')),
      rejection(client.getPersistentSubscriptionToStreamInfo(stream, 'none')),
      rejection(client.replayParkedMessagesToStream(stream, 'none')),
      rejection(client.listPersistentSubscriptionsToStream(newStream())),
      rejection(client.createPersistentSubscriptionToStream('$all', 'g', streamSettings())),
      rejection(
        client.createPersistentSubscriptionToStream(
          stream,
          'h',
          streamSettings({ readBatchSize: 20, historyBufferSize: 20 }),
        ),
      ),
    ])
    expect(errors.map(({ type }) => type)).toEqual([
      'persistent-subscription-exists',
      'persistent-subscription-does-not-exist',
      'persistent-subscription-does-not-exist',
      'persistent-subscription-does-not-exist',
      'persistent-subscription-does-not-exist',
      'persistent-subscription-does-not-exist',
      'persistent-subscription-failed',
      'persistent-subscription-failed',
    ])
  })

  test('tells all settings back', async () => {
    const { client } = server
    const stream = newStream()
    const settings = streamSettings({
      startFrom: 7n,
      resolveLinkTos: true,
      extraStatistics: true,
      messageTimeout: 1_234,
      maxRetryCount: 3,
      checkPointAfter: 4_321,
      checkPointLowerBound: 5,
      checkPointUpperBound: 50,
      maxSubscriberCount: 2,
      liveBufferSize: 100,
      readBatchSize: 10,
      historyBufferSize: 200,
      consumerStrategyName: 'Pinned',
    })
    await client.createPersistentSubscriptionToStream(stream, 'g', settings)
    const info = await client.getPersistentSubscriptionToStreamInfo(stream, 'g')
    expect(info.settings).toEqual(settings)
    const listed = await client.listPersistentSubscriptionsToStream(stream)
    expect(listed.map(({ groupName }) => groupName)).toEqual(['g'])
  })

  test('refuses more consumers than the group may have', async () => {
    const stream = newStream()
    await server.client.createPersistentSubscriptionToStream(stream, 'g', streamSettings({ maxSubscriberCount: 1 }))
    const first = connect(stream, 'g')
    await confirmed(first.subscription)
    const second = connect(stream, 'g')
    expect(await second.inbox.failure).toMatchObject({ type: 'maximum-subscribers-reached' })
    await first.subscription.unsubscribe()
  })

  test.each([
    [
      'an update',
      (stream: string) => server.client.updatePersistentSubscriptionToStream(stream, 'g', streamSettings()),
    ],
    ['a deletion', (stream: string) => server.client.deletePersistentSubscriptionToStream(stream, 'g')],
  ])('%s drops the consumers', async (_, change) => {
    const stream = newStream()
    await server.client.createPersistentSubscriptionToStream(stream, 'g', streamSettings())
    const { subscription, inbox } = connect(stream, 'g')
    await confirmed(subscription)
    await change(stream)
    expect(await inbox.failure).toMatchObject({ type: 'persistent-subscription-dropped' })
  })

  test('a deletion takes the parked messages along, and a new group of that name parks anew', async () => {
    const { client } = server
    const stream = newStream()
    await client.appendToStream(stream, numbered(1))
    const parked = async () =>
      (await client.getPersistentSubscriptionToStreamInfo(stream, 'g')).stats.parkedMessageCount
    for (let round = 0; round < 2; round++) {
      await client.createPersistentSubscriptionToStream(stream, 'g', streamSettings({ startFrom: 'start' }))
      expect(await parked()).toBe(0n)
      const { subscription, inbox } = connect(stream, 'g')
      const [received] = await inbox.take(1)
      await subscription.nack('park', 'broken', received!.resolved)
      await until(async () => (await parked()) === 1n)
      expect(await collect(client.readStream(`$persistentsubscription-${stream}::g-parked`))).toHaveLength(1)
      await client.deletePersistentSubscriptionToStream(stream, 'g')
    }
    const gone = collect(client.readStream(`$persistentsubscription-${stream}::g-parked`))
    expect(await rejection(gone)).toMatchObject({ type: 'stream-not-found' })
  })

  test('keeps measurements when extra statistics are on', async () => {
    const { client } = server
    const stream = newStream()
    await client.appendToStream(stream, numbered(3))
    await client.createPersistentSubscriptionToStream(
      stream,
      'g',
      streamSettings({ startFrom: 'start', extraStatistics: true }),
    )
    const { subscription, inbox } = connect(stream, 'g')
    await subscription.ack(...(await inbox.take(3)).map(({ resolved }) => resolved))
    await until(async () => (await client.getPersistentSubscriptionToStreamInfo(stream, 'g')).stats.totalItems === 3n)
    const [connection] = (await client.getPersistentSubscriptionToStreamInfo(stream, 'g')).connections
    // The client makes them lower case.
    const quintiles = [1, 2, 3, 4, 5].map((number) => `quintile ${number}`)
    const measured = ['highest', 'mean', 'median', 'fastest', ...quintiles, '90%', '95%', '99%', '99.5%', '99.9%']
    expect([...(connection?.extraStatistics?.keys() ?? [])].sort()).toEqual(measured.sort())
    await subscription.unsubscribe()
  })
})
