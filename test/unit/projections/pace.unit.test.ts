import { describe, expect, it } from 'vitest'
import { createPace } from '../../../src/projections/rebuild/pace.js'

/** A pace with a clock of its own, and a database whose transactions of others are told second by second. */
const watched = () => {
  let now = 1_000
  let total = 0n
  const pace = createPace(() => now)
  const second = (others: number, own = 0) => {
    pace.own(own)
    now += 1_000
    total += BigInt(others + own)
    pace.transactions(total)
  }
  pace.transactions(total)
  return {
    pace,
    second,
    pass: (ms: number) => {
      now += ms
    },
  }
}

describe('the pace of a rebuild', () => {
  it('is careful until it is known that nobody else is there', () => {
    const { pace, second } = watched()
    expect(pace.yielding).toBe(true)
    second(3)
    expect(pace.yielding).toBe(false)
  })

  it('is full where there are only its own batches', () => {
    const { pace, second } = watched()
    second(3, 400)
    expect([pace.yielding, pace.batchSize(), pace.restAfter(50)]).toEqual([false, 2_000, 0])
  })

  it('yields to readers, of whom only the database knows, and takes the machine back when they have gone', () => {
    const { pace, second } = watched()
    second(200, 15)
    expect(pace.batchSize()).toBe(250)
    expect(pace.restAfter(10)).toBe(40)
    second(5, 15)
    expect(pace.yielding).toBe(false)
  })

  it('yields to live events in the second in which they come, and for one more', () => {
    const { pace, second, pass } = watched()
    second(3)
    for (let event = 0; event < 19; event += 1) pace.live()
    expect(pace.yielding).toBe(false)
    pace.live()
    expect(pace.yielding).toBe(true)
    pass(1_000)
    expect(pace.yielding).toBe(true)
    pass(1_000)
    expect(pace.yielding).toBe(false)
  })

  it('rests longer where batches take longer, but never so long that it would not go on', () => {
    const { pace } = watched()
    expect([0, 10, 30, 60_000].map(pace.restAfter)).toEqual([20, 40, 120, 200])
  })

  it('is shared by rebuilds that go on at the same time', () => {
    const { pace } = watched()
    const ends = [pace.begin(), pace.begin(), pace.begin()]
    expect(pace.restAfter(10)).toBe(120)
    ends[0]?.()
    ends[1]?.()
    expect(pace.restAfter(10)).toBe(40)
  })
})
