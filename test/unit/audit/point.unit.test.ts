import { describe, expect, it } from 'vitest'
import { happenedBy, parsePoint } from '../../../src/audit/point.js'

describe('a moment of a stream', () => {
  it.each([
    ['0', { revision: 0 }],
    ['12', { revision: 12 }],
    ['2026-03-01T12:00:00Z', { time: '2026-03-01T12:00:00.000Z' }],
    ['2026-03-01T12:00:00.5+02:00', { time: '2026-03-01T10:00:00.500Z' }],
    ['2026-03-01T12:00Z', { time: '2026-03-01T12:00:00.000Z' }],
  ])('%s is %o', (text, point) => expect(parsePoint(text)).toEqual(point))

  it.each([
    '',
    '-1',
    '1.5',
    'now',
    '2026-03-01',
    '2026-13-01T00:00:00Z',
    '2026-03-01T12:00:00',
    '2026-02-29T00:00:00Z',
    '9'.repeat(16),
  ])('%s is none', (text) => expect(parsePoint(text)).toBeUndefined())

  it('includes the event at exactly that revision or time', () => {
    const event = { revision: 3, recordedAt: '2026-01-01T00:00:00.250Z' }
    expect(happenedBy(event, { revision: 3 })).toBe(true)
    expect(happenedBy(event, { revision: 2 })).toBe(false)
    expect(happenedBy(event, { time: '2026-01-01T00:00:00.250Z' })).toBe(true)
    expect(happenedBy(event, { time: '2026-01-01T00:00:00.249Z' })).toBe(false)
  })
})
