import { randomUUID } from 'node:crypto'
import {
  type AllStreamResolvedEvent,
  type AllStreamSubscription,
  END,
  type EventStoreDBClient,
  eventTypeFilter,
  excludeSystemEvents,
  type Position,
  START,
  type StreamSubscription,
  streamNameFilter,
} from '@eventstore/db-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openContractServer } from '../../support/eventstore/contractServer.js'
import { numbered } from '../../support/eventstore/events.js'
import { inboxOf } from '../../support/eventstore/inbox.js'
import { linkTo } from '../../support/eventstore/links.js'
import { newStream } from '../../support/eventstore/server.js'

let client: EventStoreDBClient
let stop: () => Promise<void>
beforeAll(async () => {
  ;({ client, stop } = await openContractServer())
})
afterAll(() => stop())

const revisionOf = ({ event }: AllStreamResolvedEvent) => Number(event?.revision)

const once = (subscription: StreamSubscription | AllStreamSubscription, event: 'confirmation' | 'caughtUp') =>
  new Promise<void>((resolve) => subscription.once(event as 'confirmation', resolve))

describe('a subscription to a stream', () => {
  test.each([
    ['the start', START, [0, 1, 2, 3]],
    ['the end', END, [3]],
    ['behind a revision', 0n, [1, 2, 3]],
    ['behind the last revision', 2n, [3]],
    ['beyond the end', 4n, [5, 6]],
  ] as const)('from %s', async (_, fromRevision, expected) => {
    const stream = newStream()
    await client.appendToStream(stream, numbered(3))
    const subscription = client.subscribeToStream(stream, { fromRevision })
    const inbox = inboxOf(subscription, revisionOf)
    await once(subscription, 'confirmation')
    await client.appendToStream(stream, numbered(fromRevision === 4n ? 4 : 1))
    expect(await inbox.take(expected.length)).toEqual(expected)
    await subscription.unsubscribe()
  })

  test('that is live sees also what truncateBefore hides beyond the end', async () => {
    const stream = newStream()
    await client.appendToStream(stream, numbered(2))
    await client.setStreamMetadata(stream, { truncateBefore: 4 })
    const subscription = client.subscribeToStream(stream)
    const inbox = inboxOf(subscription, revisionOf)
    await once(subscription, 'caughtUp')
    for (let more = 0; more < 3; more++) await client.appendToStream(stream, numbered(1))
    expect(await inbox.take(3)).toEqual([2, 3, 4])
    await subscription.unsubscribe()
  })

  test('says that it has caught up after what was there and before what comes', async () => {
    const stream = newStream()
    await client.appendToStream(stream, numbered(500))
    const subscription = client.subscribeToStream(stream)
    const inbox = inboxOf(subscription, revisionOf)
    await once(subscription, 'caughtUp')
    expect((await inbox.take(500)).length).toBe(500)
    await client.appendToStream(stream, numbered(1))
    await inbox.take(501)
    await subscription.unsubscribe()
  })

  test('waits for a stream that is not there yet, and for one that comes back', async () => {
    const stream = newStream()
    const subscription = client.subscribeToStream(stream)
    const inbox = inboxOf(subscription, revisionOf)
    await once(subscription, 'caughtUp')
    await client.appendToStream(stream, numbered(1))
    await inbox.take(1)
    await client.deleteStream(stream)
    const later = client.subscribeToStream(stream)
    const laterInbox = inboxOf(later, revisionOf)
    await once(later, 'caughtUp')
    await client.appendToStream(stream, numbered(1))
    expect(await inbox.take(2)).toEqual([0, 1])
    expect(await laterInbox.take(1)).toEqual([1])
    await subscription.unsubscribe()
    await later.unsubscribe()
  })

  const limits: [string, Record<string, number>, number[]][] = [
    ['the newest', { maxCount: 2 }, [2, 3, 4, 5]],
    ['what is not truncated', { truncateBefore: 3 }, [3, 4, 5]],
    ['what is not expired', { maxAge: 1 }, [4, 5]],
  ]

  test.each(limits)('catches up with %s and then sees everything', async (_, metadata, expected) => {
    const stream = newStream()
    await client.appendToStream(stream, numbered(4))
    await client.setStreamMetadata(stream, metadata)
    if (metadata.maxAge) await new Promise((resolve) => setTimeout(resolve, 1_100))
    const subscription = client.subscribeToStream(stream)
    const inbox = inboxOf(subscription, revisionOf)
    await once(subscription, 'caughtUp')
    await client.appendToStream(stream, numbered(2))
    expect(await inbox.take(expected.length)).toEqual(expected)
    await subscription.unsubscribe()
  })

  test('to metadata catches up with the newest and then sees each change', async () => {
    const stream = newStream()
    for (const maxCount of [1, 2, 3]) await client.setStreamMetadata(stream, { maxCount })
    const subscription = client.subscribeToStream(`$$${stream}`)
    const inbox = inboxOf(subscription, revisionOf)
    await once(subscription, 'caughtUp')
    for (const maxCount of [4, 5]) await client.setStreamMetadata(stream, { maxCount })
    expect(await inbox.take(3)).toEqual([2, 3, 4])
    await subscription.unsubscribe()
  })

  test('shows what metadata hides only while it is live', async () => {
    const stream = newStream()
    await client.appendToStream(stream, numbered(3))
    await client.setStreamMetadata(stream, { maxCount: 1 })
    const subscription = client.subscribeToStream(stream)
    const inbox = inboxOf(subscription, revisionOf)
    await once(subscription, 'caughtUp')
    await client.appendToStream(stream, numbered(3))
    expect(await inbox.take(4)).toEqual([2, 3, 4, 5])
    await subscription.unsubscribe()
  })

  test('ends with the tombstone', async () => {
    const stream = newStream()
    await client.appendToStream(stream, numbered(1))
    const subscription = client.subscribeToStream(stream)
    const inbox = inboxOf(subscription, ({ event }: AllStreamResolvedEvent) => event?.type)
    await once(subscription, 'caughtUp')
    await client.tombstoneStream(stream)
    expect(await inbox.failure).toMatchObject({ type: 'stream-deleted', streamName: stream })
    expect(inbox.items).toEqual(['Counted', '$streamDeleted'])
    const late = client.subscribeToStream(stream)
    expect(await inboxOf(late, revisionOf).failure).toMatchObject({ type: 'stream-deleted' })
  })

  test('resolves links where that is asked for', async () => {
    const [target, links] = [newStream(), newStream('links')]
    await client.appendToStream(target, numbered(2))
    const subscription = client.subscribeToStream(links, { resolveLinkTos: true })
    const inbox = inboxOf(subscription, ({ event, link }: AllStreamResolvedEvent) => [event?.streamId, link?.streamId])
    await once(subscription, 'caughtUp')
    await client.appendToStream(links, linkTo(target, 1))
    expect(await inbox.take(1)).toEqual([[target, links]])
    await subscription.unsubscribe()
  })
})

describe('a subscription confirms, catches up, says so, and goes live, in this order', () => {
  type Open = (stream: string, note: (step: string) => void) => StreamSubscription | AllStreamSubscription
  const filtered: Open = (stream, note) => {
    const filter = streamNameFilter({ prefixes: [stream], checkpointReached: () => note('checkpoint') })
    return client.subscribeToAll({ filter })
  }
  const opened: [string, Open, string[]][] = [
    ['to a stream', (stream) => client.subscribeToStream(stream), ['0', '1', 'caughtUp', '2']],
    ['at the end of a stream', (stream) => client.subscribeToStream(stream, { fromRevision: 1n }), ['caughtUp', '2']],
    ['to $all, filtered', filtered, ['0', '1', 'checkpoint', 'caughtUp', '2']],
  ]

  test.each(opened)('%s', async (_, open, expected) => {
    const stream = newStream()
    const seen: string[] = []
    await client.appendToStream(stream, numbered(2))
    const subscription = open(stream, (step) => seen.push(step)) as StreamSubscription
    subscription.on('confirmation', () => seen.push('confirmation'))
    subscription.on('caughtUp', () => seen.push('caughtUp'))
    const inbox = inboxOf(subscription, ({ event }: AllStreamResolvedEvent) => seen.push(`${event?.revision}`))
    await once(subscription, 'caughtUp')
    await client.appendToStream(stream, numbered(1))
    await inbox.take(expected.filter((step) => step.length === 1).length)
    await subscription.unsubscribe()
    expect(seen.shift()).toBe('confirmation')
    // Events of other tests make for checkpoints before.
    expect(seen.slice(seen.findIndex((step) => step !== 'checkpoint'))).toEqual(expected)
  })
})

describe('a subscription to $all', () => {
  test('from an old position sees the tombstone of a stream, and goes on', async () => {
    const stream = newStream()
    const { position } = await client.appendToStream(stream, numbered(1))
    await client.tombstoneStream(stream)
    await client.appendToStream(newStream(), numbered(1, 'After'))
    const subscription = client.subscribeToAll({ fromPosition: position! })
    const inbox = inboxOf(subscription, ({ event }: AllStreamResolvedEvent) => event?.type)
    expect(await inbox.take(2)).toEqual(['$streamDeleted', 'After'])
    await subscription.unsubscribe()
  })

  test('filters links by themselves and not by what they lead to', async () => {
    const [target, links] = [newStream('target'), newStream('links')]
    await client.appendToStream(target, numbered(1))
    await client.appendToStream(links, linkTo(target, 0))
    const streamsOf = async (prefix: string) => {
      const filter = streamNameFilter({ prefixes: [prefix] })
      const subscription = client.subscribeToAll({ filter, resolveLinkTos: true })
      const inbox = inboxOf(subscription, ({ event, link }: AllStreamResolvedEvent) => [
        event?.streamId,
        link?.streamId,
      ])
      await once(subscription, 'caughtUp')
      await subscription.unsubscribe()
      return inbox.items
    }
    expect(await streamsOf(links)).toEqual([[target, links]])
    expect(await streamsOf(target)).toEqual([[target, undefined]])
  })

  test('never shows the streams of groups on $all, whatever the filter', async () => {
    const name = newStream()
    await client.appendToStream(`$persistentsubscription-$all::${name}-parked`, numbered(1))
    await client.appendToStream(name, numbered(1))
    const subscription = client.subscribeToAll({ filter: streamNameFilter({ regex: name }) })
    const inbox = inboxOf(subscription, ({ event }: AllStreamResolvedEvent) => event?.streamId)
    await once(subscription, 'caughtUp')
    expect(inbox.items).toEqual([name])
    await subscription.unsubscribe()
  })

  test('from the last position has caught up at once, and then sees what comes', async () => {
    const { position } = await client.appendToStream(newStream(), numbered(3))
    const subscription = client.subscribeToAll({ fromPosition: position! })
    const inbox = inboxOf(subscription, ({ event }: AllStreamResolvedEvent) => event?.type)
    await once(subscription, 'caughtUp')
    expect(inbox.items).toEqual([])
    await client.appendToStream(newStream(), numbered(1, 'Next'))
    expect(await inbox.take(1)).toEqual(['Next'])
    await subscription.unsubscribe()
  })

  test('goes on behind the position it is given', async () => {
    const stream = newStream()
    const { position } = await client.appendToStream(stream, numbered(1))
    await client.appendToStream(stream, numbered(2))
    const subscription = client.subscribeToAll({ fromPosition: position! })
    const inbox = inboxOf(subscription, ({ event }: AllStreamResolvedEvent) =>
      event?.streamId === stream ? Number(event.revision) : undefined,
    )
    expect(await inbox.take(2)).toEqual([1, 2])
    await subscription.unsubscribe()
  })

  test('gives every event once and in order while many write', async () => {
    const category = newStream('load')
    const subscription = client.subscribeToAll({
      fromPosition: START,
      filter: streamNameFilter({ prefixes: [category] }),
    })
    const inbox = inboxOf(subscription, ({ event }: AllStreamResolvedEvent) => event)
    await Promise.all(
      Array.from({ length: 8 }, async (_, writer) => {
        for (let append = 0; append < 25; append++) await client.appendToStream(`${category}-${writer}`, numbered(2))
      }),
    )
    const events = await inbox.take(400)
    expect(new Set(events.map((event) => event!.id)).size).toBe(400)
    const positions = events.map((event) => event!.position!.commit)
    expect(positions).toEqual([...positions].sort((a, b) => Number(a - b)))
    await subscription.unsubscribe()
  })

  test('filters', async () => {
    const id = randomUUID().slice(0, 8)
    const streams = [`a${id}-1`, `b${id}-1`, `$c${id}-1`]
    const filters = [
      [streamNameFilter({ prefixes: [`a${id}`, `$c${id}`] }), [0, 2]],
      [streamNameFilter({ regex: `^[ab]${id}-\\d+$` }), [0, 1]],
      [eventTypeFilter({ prefixes: [`B${id}`] }), [1]],
      [eventTypeFilter({ regex: `[BC]${id}$` }), [1, 2]],
    ] as const
    const running = filters.map(([filter, expected]) => {
      const subscription = client.subscribeToAll({ fromPosition: END, filter })
      return {
        subscription,
        expected,
        inbox: inboxOf(subscription, ({ event }: AllStreamResolvedEvent) => event?.streamId),
      }
    })
    await Promise.all(running.map(({ subscription }) => once(subscription, 'confirmation')))
    for (const [index, stream] of streams.entries()) {
      await client.appendToStream(stream, numbered(1, `${'ABC'[index]}${id}`))
    }
    for (const { subscription, inbox, expected } of running) {
      expect(await inbox.take(expected.length)).toEqual(expected.map((index) => streams[index]))
      await subscription.unsubscribe()
    }
  })

  test('leaves out system events where that is asked for', async () => {
    const subscription = client.subscribeToAll({ fromPosition: START, filter: excludeSystemEvents() })
    const inbox = inboxOf(subscription, ({ event }: AllStreamResolvedEvent) => event?.type)
    await once(subscription, 'caughtUp')
    expect(inbox.items.length).toBeGreaterThan(0)
    expect(inbox.items.filter((type) => type?.startsWith('$'))).toEqual([])
    await subscription.unsubscribe()
  })

  test('tells checkpoints that never go back and are never behind an event already given', async () => {
    const stream = newStream('checkpoints')
    const seen: ['event' | 'checkpoint', bigint][] = []
    const checkpointReached = (_: AllStreamSubscription, position: Position) => {
      seen.push(['checkpoint', position.commit])
    }
    const filter = streamNameFilter({
      prefixes: [stream],
      checkpointInterval: 2,
      maxSearchWindow: 10,
      checkpointReached,
    })
    const { position } = await client.appendToStream(newStream(), numbered(95))
    const subscription = client.subscribeToAll({ fromPosition: START, filter })
    const inbox = inboxOf(subscription, ({ event }: AllStreamResolvedEvent) => {
      seen.push(['event', event!.position!.commit])
      return event
    })
    await once(subscription, 'caughtUp')
    expect(seen.filter(([kind]) => kind === 'checkpoint').at(-1)?.[1]).toBeGreaterThanOrEqual(position!.commit)
    const live = seen.length
    for (let append = 0; append < 50; append++)
      await client.appendToStream(append % 2 ? stream : newStream(), numbered(1))
    await inbox.take(25)
    const positions = seen.map(([, at]) => at)
    expect(positions).toEqual([...positions].sort((a, b) => Number(a - b)))
    expect(seen.slice(live).filter(([kind]) => kind === 'checkpoint').length).toBeGreaterThanOrEqual(2)
    const told = seen.filter(([kind]) => kind === 'checkpoint').map(([, at]) => at)
    expect(new Set(told).size).toBe(told.length)
    await subscription.unsubscribe()
  })

  test('refuses a position beyond the end of the log', async () => {
    const position = { commit: 2n ** 40n, prepare: 2n ** 40n }
    const error = await inboxOf(client.subscribeToAll({ fromPosition: position }), () => undefined).failure
    expect(error.message).toContain('INVALID_ARGUMENT')
  })

  test('refuses a regular expression that it cannot run in linear time', async () => {
    const subscription = client.subscribeToAll({ filter: eventTypeFilter({ regex: '(a)\\1' }) })
    const error = await inboxOf(subscription, () => undefined).failure
    expect(error.message).toContain('INVALID_ARGUMENT')
  })
})
