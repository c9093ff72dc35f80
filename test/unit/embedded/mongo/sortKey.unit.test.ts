import { Long, MaxKey, MinKey, ObjectId, Timestamp } from 'bson'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toQueryable } from '../../../../src/embedded/mongo/values/queryable.js'
import { boundedKey, sortKey } from '../../../../src/embedded/mongo/values/sortKey.js'

const keyOf = (value: unknown): Buffer => sortKey(toQueryable(value))
const sign = (number: number): number => Math.sign(number)

describe('the bytes of a value', () => {
  it('are ordered as MongoDB orders types', () => {
    const ascending = [
      new MinKey(),
      null,
      Number.NaN,
      Number.NEGATIVE_INFINITY,
      -1.5,
      0,
      Long.fromNumber(3),
      3.5,
      Number.POSITIVE_INFINITY,
      '',
      'a',
      'a\0',
      'ab',
      {},
      { a: 1 },
      { a: 2 },
      { b: 1 },
      { a: 'x' },
      [],
      [1],
      new ObjectId('000000000000000000000001'),
      new ObjectId('000000000000000000000002'),
      false,
      true,
      new Date(-5),
      new Date(5),
      new Timestamp({ t: 1, i: 2 }),
      new Timestamp({ t: 10, i: 0 }),
      /a/,
      new MaxKey(),
    ].map(keyOf)
    for (const [at, key] of ascending.entries()) {
      for (const [other, later] of ascending.entries()) {
        expect([at, other, sign(Buffer.compare(key, later))]).toEqual([at, other, sign(at - other)])
      }
    }
  })

  it('order all integers and doubles by their exact value', () => {
    const integer = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
    const near = fc.integer({ min: -600, max: 600 }).map((distance) => 2n ** 62n + BigInt(distance))
    const number = fc.oneof(integer, near, fc.double({ noNaN: true }), fc.integer())
    fc.assert(
      fc.property(number, number, (a, b) => {
        const expected = a < b ? -1 : a > b ? 1 : 0
        expect(sign(Buffer.compare(keyOf(a), keyOf(b)))).toBe(expected)
      }),
    )
  })

  it('order strings by their bytes, and are never the beginning of another', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '\0', '\x01', 'é', '😀', '\u00ff') })
    fc.assert(
      fc.property(text, text, (a, b) => {
        const [left, right] = [keyOf(a), keyOf(b)]
        expect(sign(Buffer.compare(left, right))).toBe(sign(Buffer.compare(Buffer.from(a), Buffer.from(b))))
        if (a !== b) expect(right.subarray(0, left.length).equals(left)).toBe(false)
      }),
    )
  })

  it('stay within what the store takes as a key, and stay different', () => {
    const long = 'x'.repeat(5_000)
    const keys = [boundedKey(keyOf(`${long}a`)), boundedKey(keyOf(`${long}b`))]
    expect(keys.every((key) => key.length < 950)).toBe(true)
    expect(keys[0]?.equals(keys[1] ?? Buffer.alloc(0))).toBe(false)
  })
})
