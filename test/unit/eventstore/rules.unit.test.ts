import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { encodeRecord } from '../../../src/embedded/eventstore/log/record.js'
import { lockDirectory } from '../../../src/embedded/eventstore/operations/directoryLock.js'
import type { GroupMessage } from '../../../src/embedded/eventstore/persistent/message.js'
import { RetryQueue, scanArray } from '../../../src/embedded/eventstore/persistent/retryQueue.js'
import { createThroughput } from '../../../src/embedded/eventstore/persistent/throughput.js'
import { LINK_RULES } from '../../../src/embedded/eventstore/projections/linkRules.js'
import { parseLink } from '../../../src/embedded/eventstore/streams/links.js'
import {
  parseMetadata,
  SOFT_DELETED,
  withTruncateBefore,
} from '../../../src/embedded/eventstore/streams/streamMetadata.js'
import { createCheckpoints } from '../../../src/embedded/eventstore/subscriptions/checkpoints.js'
import { compileFilter } from '../../../src/embedded/eventstore/subscriptions/eventFilter.js'

const recordOf = (streamName: string, type: string, revision = 0, metadata = '') =>
  encodeRecord(
    { id: randomUUID(), type, isJson: true, metadata: Buffer.from(metadata), data: Buffer.from('{}') },
    { streamId: streamName.length, streamName, revision, position: 1, created: 1 },
  )

describe('stream metadata', () => {
  test('takes what is valid of each key', () => {
    const { raw, ...parsed } = parseMetadata(
      Buffer.from('{"$maxCount":3,"$maxAge":0,"$tb":-1,"$acl":{"$r":"a","$w":["b"],"$d":5},"x":1}'),
    )
    expect(raw).toContain('"x":1')
    expect(parsed).toEqual({ deleted: false, maxCount: 3, acl: { read: 'a', write: ['b'] } })
  })

  test('knows the mark of a deletion, which no double holds', () => {
    expect(parseMetadata(Buffer.from(`{"$tb":${SOFT_DELETED}}`))).toMatchObject({ deleted: true })
    expect(parseMetadata(Buffer.from('{"$tb":9007199254740991}'))).toMatchObject({ deleted: false })
  })

  test.each(['{"$maxCount":1', '', '[{"$maxCount":1}]', 'null', '7', '"$maxCount"'])('takes %s for none', (text) => {
    expect(parseMetadata(Buffer.from(text))).toEqual({ deleted: false, raw: '{}' })
  })

  test('keeps other keys when the stream comes back', () => {
    expect(JSON.parse(withTruncateBefore('{"$maxCount":2,"mine":[1]}', 7).toString())).toEqual({
      $maxCount: 2,
      mine: [1],
      $tb: 7,
    })
  })
})

test.each([
  ['0@stream', { revision: 0, stream: 'stream' }],
  ['12@user@host', { revision: 12, stream: 'user@host' }],
  ['x@stream', undefined],
  ['-1@stream', undefined],
  ['12', undefined],
])('the link %s leads to %o', (data, target) => {
  expect(parseLink(Buffer.from(data))).toEqual(target)
})

test.each([
  ['$by_category', 'order-1-2', 'T', '$ce-order'],
  ['$by_category', 'order', 'T', undefined],
  ['$by_category', '-1', 'T', undefined],
  ['$by_category', '$system-1', 'T', undefined],
  ['$by_event_type', 'order-1', 'Placed', '$et-Placed'],
  ['$by_event_type', 'order-1', '$>', undefined],
  ['$streams', 'order-1', 'T', '$streams'],
  ['$stream_by_category', 'order-1', 'T', '$category-order'],
  ['$by_correlation_id', 'order-1', 'T', '$bc-c1'],
])('%s links an event of %s, a %s, into %s', (name, stream, type, into) => {
  const rule = LINK_RULES.get(name)
  expect(rule?.(recordOf(stream, type, 0, '{"$correlationId":"c1"}'))?.stream).toBe(into)
})

describe('filters', () => {
  const filter = (on: 'stream' | 'type', regex: string, ...prefixes: string[]) =>
    compileFilter({ on, regex, prefixes, window: 32, multiplier: 1 })

  test.each([
    ['a prefix of the stream', filter('stream', '', 'x-', 'ord'), true],
    ['a prefix longer than the name', filter('stream', '', 'order-1-and-more'), false],
    ['a prefix of the type', filter('type', '', 'Pla'), true],
    ['a search in the stream', filter('stream', 'er-\\d$'), true],
    ['a search in the type', filter('type', '^laced'), false],
    ['a search before prefixes', filter('type', 'Nope', 'Placed'), false],
  ])('%s', (_, matches, expected) => {
    expect(matches(recordOf('order-1', 'Placed'))).toBe(expected)
    expect(matches(recordOf('order-1', 'Placed'))).toBe(expected)
  })

  test('a regular expression that explodes elsewhere ends at once', () => {
    const matches = filter('type', '^(a+)+$')
    expect(matches(recordOf('s', `${'a'.repeat(5_000)}b`))).toBe(false)
  })

  test.each(['(', 'a'.repeat(2_001), '(?=a)'])('%.20s is refused', (regex) => {
    expect(() => filter('type', regex)).toThrow(/regular expression/i)
  })
})

test('checkpoints come after each interval and once at the head', () => {
  const checkpoints = createCheckpoints({ on: 'type', regex: '', prefixes: [], window: 2, multiplier: 2 })
  const due = Array.from({ length: 9 }, (_, index) => checkpoints.consider(10 + index))
  expect(due).toEqual([false, false, false, true, false, false, false, true, false])
  expect(checkpoints.atHead()).toBe(18)
  expect(checkpoints.atHead()).toBeUndefined()
})

describe('delivery', () => {
  const message = (order: number) => ({ order }) as GroupMessage

  test('retries in order', () => {
    const queue = new RetryQueue()
    for (const order of [5, 1, 9, 1, 3]) queue.add(message(order))
    const seen: number[] = []
    queue.scan(({ order }) => {
      seen.push(order)
      return 'sent'
    })
    expect(seen).toEqual([1, 1, 3, 5, 9])
    expect(queue.length).toBe(0)
  })

  test('passes over what is blocked and stops at what is full', () => {
    const messages = [1, 2, 3, 4, 5].map(message)
    const taken = { 1: 'sent', 2: 'blocked', 3: 'sent', 4: 'full' } as const
    expect(scanArray(messages, ({ order }) => taken[order as 1])).toBe(false)
    expect(messages.map(({ order }) => order)).toEqual([2, 4, 5])
  })

  test('counts and measures', () => {
    const throughput = createThroughput(true)
    for (let milliseconds = 1; milliseconds <= 100; milliseconds++) throughput.add(milliseconds)
    expect(throughput.total).toBe(100)
    expect([throughput.sinceLastMeasurement(), throughput.sinceLastMeasurement()]).toEqual([100, 0])
    expect(Object.fromEntries(throughput.measurements())).toMatchObject({
      Highest: 100,
      Fastest: 1,
      Median: 50,
      '90%': 90,
      '99%': 99,
    })
  })
})

describe('the lock of a directory', () => {
  const within = (run: (directory: string) => void) => {
    const directory = mkdtempSync(join(tmpdir(), 'eventstore-lock-'))
    try {
      run(directory)
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  }

  test('has one holder, and can be had again when it is released', () =>
    within((directory) => {
      const lock = lockDirectory(directory)
      expect(() => lockDirectory(directory)).toThrow(`is in use by process ${process.pid}`)
      lock.release()
      lockDirectory(directory).release()
    }))

  test.each([
    ['of a process that is gone', JSON.stringify({ pid: 2 ** 22 + 1, started: '' })],
    ['of an earlier process with the same id', JSON.stringify({ pid: process.pid, started: 'long ago' })],
    ['that was not written to its end', '{"pid":'],
  ])('%s is taken over', (_, content) =>
    within((directory) => {
      writeFileSync(join(directory, 'owner.lock'), content)
      lockDirectory(directory).release()
    }),
  )
})
