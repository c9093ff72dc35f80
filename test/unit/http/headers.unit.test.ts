import { describe, expect, it } from 'vitest'
import { accepts } from '../../../src/http/headers/accepts.js'
import { parseConsistencyToken } from '../../../src/http/headers/consistencyToken.js'
import { matchesNone, parseIfMatch } from '../../../src/http/headers/entityTag.js'
import { preferredWait } from '../../../src/http/headers/prefer.js'
import { parseRevisionCursor, revisionCursor } from '../../../src/http/headers/revisionCursor.js'

describe('If-Match', () => {
  it.each([
    [undefined, undefined],
    ['*', undefined],
    ['"0"', 0],
    [' "12" ', 12],
  ])('%s asks for revision %s', (value, revision) => expect(parseIfMatch(value)).toBe(revision))

  it.each(['12', 'W/"12"', '"a"', '"1", "2"', '', '"-1"'])('%s is refused', (value) =>
    expect(() => parseIfMatch(value)).toThrow('strong ETag'),
  )
})

describe('If-None-Match', () => {
  it.each([
    [undefined, true],
    ['"3"', true],
    ['"4"', false],
    ['W/"4"', false],
    ['"1", "4"', false],
    ['*', false],
  ])('%s lets revision 4 through: %s', (value, through) => expect(matchesNone(value, '"4"')).toBe(through))
})

describe('Prefer', () => {
  it.each([
    [undefined, undefined],
    ['respond-async', undefined],
    ['wait=5', 5],
    ['wait="5"', 5],
    ['respond-async, wait=7', 7],
    ['WAIT = 3; foo=bar', 3],
    ['wait', 30],
    ['wait=100000', 60],
    ['wait=0', 0],
    ['wait=-1', undefined],
    ['wait=soon', undefined],
    ['waiting=4', undefined],
  ])('%s waits %s seconds', (value, seconds) => expect(preferredWait(value)).toBe(seconds))
})

describe('consistency tokens', () => {
  it('are positions of the log', () => {
    expect(parseConsistencyToken('9223372036854775807')).toBe(2n ** 63n - 1n)
    expect(parseConsistencyToken(undefined)).toBeUndefined()
  })

  it.each(['', '-1', '1.5', '9223372036854775808', '0x10', 'a'])('refuse %s', (value) =>
    expect(() => parseConsistencyToken(value)).toThrow('X-Consistency-Token'),
  )
})

describe('Accept', () => {
  it.each([
    ['text/event-stream', true],
    ['application/json, text/event-stream;q=0.5', true],
    ['text/event-stream;q=0', false],
    ['*/*', false],
    [undefined, false],
  ])('%s asks for a stream: %s', (value, asks) => expect(accepts(value, 'text/event-stream')).toBe(asks))
})

describe('cursors of a stream', () => {
  it('come back as they were given', () => expect(parseRevisionCursor(revisionCursor(41))).toBe(41))
  it('start at the beginning without one', () => expect(parseRevisionCursor(undefined)).toBe(0))
  it.each(['', 'r', 'MTI', '!!'])('refuse %s', (value) => expect(() => parseRevisionCursor(value)).toThrow('cursor'))
})
