import { describe, expect, it } from 'vitest'
import { createPace } from '../../../src/projections/rebuild/pace.js'

/** A pace with a clock of its own, some seconds after it was made. */
const watched = (after = 5_000) => {
  let now = 1_000
  const pace = createPace(() => now)
  const pass = (ms: number) => {
    now += ms
  }
  pass(after)
  return { pace, pass }
}

describe('the pace of a rebuild', () => {
  it('is careful until it can have heard of others', () => {
    const { pace, pass } = watched(0)
    expect(pace.yielding).toBe(true)
    pass(1_999)
    expect(pace.yielding).toBe(true)
    pass(1)
    expect(pace.yielding).toBe(false)
  })

  it('is full where there are only its own batches', () => {
    const { pace } = watched()
    expect([pace.yielding, pace.batchSize(), pace.restAfter(50)]).toEqual([false, 2_000, 0])
  })

  it('yields to readers of whom several processes tell, and takes the machine back when they have gone', () => {
    const { pace, pass } = watched()
    pace.others(12)
    expect(pace.yielding).toBe(false)
    pace.others(12)
    expect(pace.batchSize()).toBe(250)
    expect(pace.restAfter(10)).toBe(40)
    pass(2_000)
    pace.others(12)
    expect(pace.yielding).toBe(false)
  })

  it('yields to live events in the second in which they come, and for one more', () => {
    const { pace, pass } = watched()
    for (let event = 0; event < 19; event += 1) pace.others(1)
    expect(pace.yielding).toBe(false)
    pace.others(1)
    expect(pace.yielding).toBe(true)
    pass(1_000)
    expect(pace.yielding).toBe(true)
    pass(1_000)
    expect(pace.yielding).toBe(false)
  })

  it('rests longer where batches take longer, but never so long that it would not go on', () => {
    const { pace } = watched(0)
    expect([0, 10, 30, 60_000].map(pace.restAfter)).toEqual([20, 40, 120, 200])
  })

  it('is shared by rebuilds that go on at the same time', () => {
    const { pace } = watched(0)
    const ends = [pace.begin(), pace.begin(), pace.begin()]
    expect(pace.restAfter(10)).toBe(120)
    ends[0]?.()
    ends[1]?.()
    expect(pace.restAfter(10)).toBe(40)
  })
})
