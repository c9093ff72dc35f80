import { expect, test } from 'vitest'
import { createDiskPace } from '../../../src/embedded/eventstore/log/diskPace.js'

/** How many of `count` writes the log's thread waited for, when its `n`th takes `durationOf(n)` ms. */
function waitedFor(count: number, durationOf: (n: number) => number): number {
  const pace = createDiskPace(0.5)
  let waited = 0
  for (let n = 0; n < count; n++) {
    if (pace.next() === 'elsewhere') continue
    pace.note(durationOf(n))
    waited++
  }
  return waited
}

test('a quick disk is waited for', () => {
  expect(waitedFor(1_000, () => 0.1)).toBe(1_000)
})

test('a quick disk that is slow now and then is waited for', () => {
  expect(waitedFor(1_000, (n) => (n % 100 === 99 ? 5 : 0.1))).toBe(1_000)
})

test('a slow disk is hardly waited for: one write of a hundred, to see whether it still is slow', () => {
  const waited = waitedFor(10_000, () => 5)
  expect(waited).toBeGreaterThan(90)
  expect(waited).toBeLessThan(110)
})

test('a disk that has become quick is waited for again', () => {
  expect(waitedFor(10_000, (n) => (n < 1_000 ? 5 : 0.1))).toBeGreaterThan(8_900)
})
