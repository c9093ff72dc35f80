import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { feedEvent, isPoison } from '../../../src/projections/fold/decode.js'
import { arrayLiteral } from '../../../src/projections/postgres/arrayLiteral.js'
import { isoOf } from '../../../src/projections/postgres/types.js'
import { createPositions } from '../../../src/projections/progress/positions.js'
import { createMeter } from '../../../src/projections/projector/meter.js'
import { decodeCursor, isoTime, toPage, uuidText } from '../../../src/projections/queries/cursor.js'
import { createEventQueue } from '../../../src/projections/runner/eventQueue.js'
import { envelope } from '../../support/projections/events.js'

const at = (position: number) => {
  const event = envelope({ type: 'WorkflowArchived', data: {} })
  return feedEvent({ ...event, stream: 'workflow-1', revision: position, position: BigInt(position), recordedAt: '' })
}
const positions = (events: readonly ReturnType<typeof feedEvent>[]) =>
  events.map((event) => Number(isPoison(event) ? event.stored.position : event.position))

describe('the queue', () => {
  it('ignores what it was given before, whoever brings it', () => {
    const queue = createEventQueue(10)
    for (const position of [1, 2, 2, 1, 3]) queue.push(at(position))
    queue.advance(5n)
    queue.push(at(4))
    queue.push(at(6))
    expect(positions(queue.take(10, null))).toEqual([1, 2, 3, 6])
    expect(queue.horizon).toBe(6n)
  })

  it('takes no more than asked for, and nothing after a limit', () => {
    const queue = createEventQueue(10)
    for (const position of [1, 2, 3, 4]) queue.push(at(position))
    expect(positions(queue.take(1, null))).toEqual([1])
    expect(positions(queue.take(9, 3n))).toEqual([2, 3])
    expect(positions(queue.take(9, 3n))).toEqual([])
    expect(queue.next).toBe(4n)
  })

  it('begins again behind what was taken, not behind what was only delivered', () => {
    const queue = createEventQueue(10)
    queue.reset(7n)
    for (const position of [8, 9, 10]) queue.push(at(position))
    queue.take(1, null)
    queue.restart()
    expect(queue.horizon).toBe(8n)
    queue.push(at(9))
    expect(positions(queue.take(9, null))).toEqual([9])
  })

  it('tells those who wait for events only of events, and those who wait for a change of any', async () => {
    const queue = createEventQueue(9)
    const { signal } = new AbortController()
    let filled = false
    const forEvents = queue.whenFilled(1, 60_000, signal).then(() => {
      filled = true
    })
    queue.advance(5n)
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(filled).toBe(false)
    queue.push(at(6))
    await forEvents
    const forAnything = queue.whenChanged(signal)
    queue.advance(7n)
    await forAnything
  })

  it('holds up whoever fills it until there is room', async () => {
    const queue = createEventQueue(2)
    queue.push(at(1))
    expect(queue.whenRoom()).toBeUndefined()
    queue.push(at(2))
    let room = false
    const waiting = queue.whenRoom()?.then(() => {
      room = true
    })
    await Promise.resolve()
    expect(room).toBe(false)
    queue.take(1, null)
    await waiting
    expect(room).toBe(true)
  })
})

describe('what is read', () => {
  it('is poison where type, version or metadata are not what this program knows', () => {
    const fine = {
      ...envelope({ type: 'WorkflowArchived', data: {} }),
      stream: 'workflow-1',
      revision: 0,
      position: 1n,
      recordedAt: '',
    }
    const metadata = fine.metadata as object
    expect(isPoison(feedEvent(fine))).toBe(false)
    expect(isPoison(feedEvent({ ...fine, type: 'WorkflowExploded' }))).toBe(true)
    expect(isPoison(feedEvent({ ...fine, data: 'text' }))).toBe(true)
    expect(isPoison(feedEvent({ ...fine, metadata: { ...metadata, schemaVersion: 99 } }))).toBe(true)
    expect(isPoison(feedEvent({ ...fine, metadata: undefined }))).toBe(true)
    expect(isPoison(feedEvent({ ...fine, type: 'toString' }))).toBe(true)
  })
})

describe('what is written', () => {
  it('stands in an array literal as it was, apart from U+0000, which PostgreSQL can not keep', () => {
    const rows = [{ v: 'a"b\\c{,}' }, { v: null }, { v: 'NULL' }, { v: 'x\u0000y' }, { v: '' }]
    expect(arrayLiteral(rows, 'v', { type: 'text', nullable: true, payload: false })).toBe(
      '{"a\\"b\\\\c{,}",NULL,"NULL","x\ufffdy",""}',
    )
    const json = [{ v: undefined }, { v: null }, { v: { a: '"' } }]
    expect(arrayLiteral(json, 'v', { type: 'json', nullable: true, payload: true })).toBe(
      '{NULL,"null","{\\"a\\":\\"\\\\\\"\\"}"}',
    )
  })

  it('comes back from PostgreSQL with times as they were', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('1990-01-01'), max: new Date('2090-01-01'), noInvalidDate: true }),
        (date) => {
          const iso = date.toISOString()
          const asPostgres = `${iso.slice(0, 10)} ${iso.slice(11, 23).replace(/\.?0+$/, (zeros) => (zeros.startsWith('.') ? '' : zeros.replace(/0+$/, '')))}+00`
          expect(isoOf(asPostgres)).toBe(iso)
        },
      ),
    )
    expect(isoOf('2026-01-02 03:04:05.6+05:30')).toBe('2026-01-01T21:34:05.600Z')
  })
})

describe('a page', () => {
  it('ends with a cursor that leads to the next one, and no cursor at the end', () => {
    const rows = ['a', 'b', 'c']
    const page = toPage(
      rows,
      2,
      (each) => each,
      (each) => [each],
    )
    expect(page.items).toEqual(['a', 'b'])
    expect(decodeCursor(page.nextCursor ?? '', [/^[a-z]$/])).toEqual(['b'])
    expect(
      toPage(
        rows,
        3,
        (each) => each,
        (each) => [each],
      ).nextCursor,
    ).toBeNull()
  })

  it('is refused for a cursor of another list or none at all', () => {
    for (const text of [
      'x',
      '',
      Buffer.from('["1"]').toString('base64url'),
      Buffer.from('{"a":1}').toString('base64url'),
    ]) {
      expect(() => decodeCursor(text, [isoTime, uuidText])).toThrow(expect.objectContaining({ code: 'invalid_cursor' }))
    }
  })
})

describe('progress', () => {
  it('wakes those whose position was passed, and never goes back', async () => {
    const known = createPositions()
    const woken: number[] = []
    const waits = [3, 5].map((position) => known.whenAt('p', BigInt(position), 60_000).then(() => woken.push(position)))
    known.moved('p', 4n)
    await waits[0]
    expect(woken).toEqual([3])
    known.moved('p', 2n)
    expect(known.of('p')).toBe(4n)
    known.moved('p', 5n)
    await waits[1]
    expect(known.has('p', 5n)).toBe(true)
  })

  it('is metered over the last whole seconds', () => {
    let now = 0
    const meter = createMeter(() => now)
    for (; now < 10_000; now += 100) meter.add(10)
    expect(meter.rate()).toBe(100)
    now += 60_000
    expect(meter.rate()).toBe(0)
  })
})
