import { setTimeout as delay } from 'node:timers/promises'
import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FeedItem } from '../../../src/eventlog/eventFeed.js'
import { type EventToAppend, WrongRevision } from '../../../src/eventlog/eventStore.js'
import { type Log, logAdapters } from '../../support/logs.js'

const event = (n: number): EventToAppend => ({ id: uuid(), type: 'NodeMoved', data: { n }, metadata: { meta: n } })
const events = (count: number) => Array.from({ length: count }, (_, n) => event(n))
const collect = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

describe.each(logAdapters)('the event log ($name)', ({ start }) => {
  let log: Log
  let stop: () => Promise<void>

  beforeAll(async () => {
    const started = await start()
    log = started.log
    stop = started.stop
  })
  afterAll(() => stop())

  const newStream = () => `workflow-${uuid()}`
  const revisions = async (stream: string, options?: Parameters<Log['readStream']>[1]) =>
    (await collect(log.readStream(stream, options))).map(({ revision }) => revision)

  it('appends to a stream that does not exist and reads what was written', async () => {
    const stream = newStream()
    const written = events(3)
    const { revision, position } = await log.append(stream, written, 'none')
    const read = await collect(log.readStream(stream))
    expect(revision).toBe(2)
    expect(read.map(({ id, type, data, metadata, stream: s }) => ({ id, type, data, metadata, s }))).toEqual(
      written.map(({ id, type, data, metadata }) => ({ id, type, data, metadata, s: stream })),
    )
    expect(read.at(-1)?.position).toBe(position)
    expect(new Date(read[0]?.recordedAt ?? '').getTime()).toBeGreaterThan(0)
  })

  it('yields nothing for a stream that does not exist', async () => {
    expect(await collect(log.readStream(newStream()))).toEqual([])
  })

  it('reads from a revision, backwards, and no more than asked for', async () => {
    const stream = newStream()
    await log.append(stream, events(5), 'none')
    expect(await revisions(stream, { from: 2 })).toEqual([2, 3, 4])
    expect(await revisions(stream, { direction: 'backwards' })).toEqual([4, 3, 2, 1, 0])
    expect(await revisions(stream, { direction: 'backwards', from: 3, limit: 2 })).toEqual([3, 2])
    expect(await revisions(stream, { limit: 2 })).toEqual([0, 1])
    expect(await revisions(stream, { from: 9 })).toEqual([])
  })

  it.each([
    ['a stream that exists already', 'none' as const, 1],
    ['a revision that is behind', 0, 1],
    ['a revision that is ahead', 7, 1],
  ])('refuses an append to %s and writes nothing', async (_, expected, actual) => {
    const stream = newStream()
    await log.append(stream, events(2), 'none')
    await expect(log.append(stream, events(1), expected)).rejects.toEqual(new WrongRevision(stream, actual))
    expect(await revisions(stream)).toEqual([0, 1])
  })

  it('refuses a revision of a stream that does not exist', async () => {
    const stream = newStream()
    await expect(log.append(stream, events(1), 3)).rejects.toEqual(new WrongRevision(stream, null))
  })

  it('answers a repeated append of the same ids as it did the first time', async () => {
    const stream = newStream()
    const first = events(2)
    const answer = await log.append(stream, first, 'none')
    await log.append(stream, events(1), 1)
    expect(await log.append(stream, first, 'none')).toEqual(answer)
    expect(await revisions(stream)).toEqual([0, 1, 2])
  })

  it('delivers the matching events in order, old and new, then says that it has caught up', async () => {
    const stream = newStream()
    const abort = new AbortController()
    await log.append(stream, events(3), 'none')
    await log.append(`execution-${uuid()}`, events(1), 'none')
    const seen: (number | string)[] = []
    for await (const item of log.subscribe({ from: 'start', prefixes: [stream], signal: abort.signal })) {
      if (item.kind === 'event') seen.push(item.event.revision)
      if (item.kind === 'caughtUp') {
        seen.push('caughtUp')
        await log.append(stream, events(2), 2)
      }
      if (seen.includes(4)) abort.abort()
    }
    expect(seen).toEqual([0, 1, 2, 'caughtUp', 3, 4])
  })

  it('goes on after the position it is given', async () => {
    const stream = newStream()
    const { position } = await log.append(stream, events(2), 'none')
    await log.append(stream, events(1), 1)
    const items: FeedItem[] = []
    for await (const item of log.subscribe({ from: position, prefixes: [stream] })) {
      if (item.kind === 'event') items.push(item)
      if (item.kind === 'caughtUp') break
    }
    expect(items.map((item) => item.kind === 'event' && item.event.revision)).toEqual([2])
  })

  it('delivers only the event types that are asked for, of the streams that are asked for', async () => {
    const [stream, other] = [newStream(), newStream()]
    const typed = (type: string): EventToAppend => ({ ...event(0), type })
    await log.append(other, [typed('NodeAdded')], 'none')
    await log.append(
      stream,
      [typed('NodeMoved'), typed('NodeAdded'), typed('NodeAddedAgain'), typed('EdgeAdded')],
      'none',
    )
    const items: FeedItem[] = []
    const types = ['NodeAdded', 'EdgeAdded']
    for await (const item of log.subscribe({ from: 'start', prefixes: [stream], types })) {
      if (item.kind === 'caughtUp') break
      items.push(item)
    }
    const delivered = items.flatMap((item) => (item.kind === 'event' ? [item.event] : []))
    expect(delivered.map(({ stream: s, type }) => [s, type])).toEqual(types.map((type) => [stream, type]))
  })

  it('advances the checkpoint of a subscription that nothing matches', async () => {
    const abort = new AbortController()
    const { position } = await log.append(newStream(), events(100), 'none')
    for await (const item of log.subscribe({ from: 'start', prefixes: ['none-such-'], signal: abort.signal })) {
      if (item.kind === 'checkpoint' && item.position >= position) abort.abort()
      expect(item.kind).not.toBe('event')
    }
    expect(abort.signal.aborted).toBe(true)
  })

  it('ends a waiting subscription when it is aborted', async () => {
    const abort = new AbortController()
    for await (const item of log.subscribe({ from: 'end', prefixes: ['workflow-'], signal: abort.signal })) {
      if (item.kind === 'caughtUp') setTimeout(() => abort.abort(), 10)
    }
    expect(abort.signal.aborted).toBe(true)
  })

  it('reads the whole log both ways and knows its head', async () => {
    const stream = newStream()
    const { position } = await log.append(stream, events(3), 'none')
    expect(await log.head()).toBe(position)
    const last = await collect(log.readAll({ from: 'end', direction: 'backwards', limit: 2 }))
    expect(last.map((e) => [e.stream, e.revision])).toEqual([
      [stream, 2],
      [stream, 1],
    ])
    const from = last[1]?.position ?? 0n
    const forwards = await collect(log.readAll({ from, direction: 'forwards' }))
    expect(forwards.map(({ revision }) => revision)).toEqual([1, 2])
  })

  it('hands each event of a work queue to one consumer and again after a nack', async () => {
    const prefix = `execution-${uuid()}`
    await log.append(prefix, events(4), 'none')
    const abort = new AbortController()
    const settled: number[] = []
    const tries: number[] = []
    const consume = async () => {
      const options = { group: `g-${prefix}`, prefixes: [prefix], buffer: 2, signal: abort.signal }
      for await (const item of log.consume(options)) {
        tries.push(item.event.revision)
        if (item.event.revision === 1 && item.retryCount === 0) item.nack('retry', 'once more')
        else {
          item.ack()
          settled.push(item.event.revision)
        }
        if (settled.length === 4) abort.abort()
      }
    }
    await Promise.all([consume(), consume()])
    expect(settled.toSorted()).toEqual([0, 1, 2, 3])
    expect(tries.filter((revision) => revision === 1)).toHaveLength(2)
  })

  it('hands what a consumer left unsettled to the next one, and nothing that was acknowledged', async () => {
    const prefix = `execution-${uuid()}`
    await log.append(prefix, events(5), 'none')
    const take = async (count: number, isDone: (revision: number) => boolean) => {
      const abort = new AbortController()
      const seen: number[] = []
      const options = { group: `l-${prefix}`, prefixes: [prefix], buffer: 2, signal: abort.signal }
      for await (const { event, ack } of log.consume(options)) {
        seen.push(event.revision)
        if (isDone(event.revision)) ack()
        if (seen.length < count) continue
        // No answer tells that an acknowledgement has arrived.
        await delay(200)
        abort.abort()
      }
      return seen.toSorted()
    }
    expect(await take(3, (revision) => revision < 2)).toEqual([0, 1, 2])
    expect(await take(3, () => true)).toEqual([2, 3, 4])
    await log.append(prefix, [event(5)], 4)
    expect(await take(1, () => true)).toEqual([5])
  })

  it('hands out only the event types that the consumers ask for', async () => {
    const prefix = `execution-${uuid()}`
    const wanted = { ...event(1), type: `Wanted${uuid()}` }
    await log.append(prefix, [event(0), wanted, event(2)], 'none')
    await log.append(`workflow-${uuid()}`, [{ ...wanted, id: uuid() }], 'none')
    await log.append(`${prefix}-last`, [{ ...wanted, id: uuid() }], 'none')
    const abort = new AbortController()
    const seen: string[] = []
    const options = { group: `t-${prefix}`, prefixes: [prefix], types: [wanted.type], buffer: 2, signal: abort.signal }
    for await (const item of log.consume(options)) {
      seen.push(`${item.event.stream} ${item.event.type}`)
      item.ack()
      if (seen.length === 2) abort.abort()
    }
    expect(seen).toEqual([`${prefix} ${wanted.type}`, `${prefix}-last ${wanted.type}`])
  })
})
