import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createBackPressure } from '../../../src/commands/executions/backPressure.js'
import { freeze, getIn, type PersistentMap, thaw, valuesOf } from '../../../src/domain/execution/persistentMap.js'
import { createSlotPool } from '../../../src/execution/attemptSlots.js'
import { startCountdown } from '../../../src/execution/countdown.js'
import { createTimerService } from '../../../src/execution/timers.js'

describe('a persistent map', () => {
  it('keeps earlier versions as they were, however many changes follow', () => {
    let map: PersistentMap<number> = freeze(thaw({ settled: new Map(), recent: new Map() }))
    const versions: PersistentMap<number>[] = []
    for (let step = 0; step < 200; step += 1) {
      const draft = thaw(map)
      draft.recent.set(`k${step % 90}`, step)
      map = freeze(draft)
      versions.push(map)
    }
    for (const [step, version] of versions.entries()) {
      expect(getIn(version, `k${step % 90}`)).toBe(step)
      expect([...valuesOf(version)]).toHaveLength(Math.min(step + 1, 90))
    }
    expect([...valuesOf(map)].sort((a, b) => a - b)[0]).toBe(110)
  })
})

describe('a pool of slots', () => {
  it('never gives more than it has, and wakes who waits', async () => {
    const pool = createSlotPool('me', 3, 0)
    expect(pool.reserve(2)).toBe(2)
    expect(pool.reserve(5)).toBe(1)
    expect(pool.reserve(1)).toBe(0)
    let woken = false
    const waiting = pool.free().then(() => {
      woken = true
    })
    pool.settle(1, 1)
    await Promise.resolve()
    expect(woken).toBe(false)
    pool.settle(2, 0)
    await waiting
    expect(pool.inUse).toBe(1)
  })
})

describe('back-pressure', () => {
  it('refuses starts while a gauge is over its limit, and takes them again afterwards', () => {
    let lag = 0
    let now = 0
    const gauges = { projectionLagMs: () => lag, queuedAttempts: () => 0, residentBytes: () => 0 }
    const admit = createBackPressure(gauges, { projectionLagMs: 100, queuedAttempts: 1, residentBytes: 1 }, () => now)
    admit()
    lag = 101
    now += 1_000
    expect(admit).toThrowError(
      expect.objectContaining({
        kind: 'unavailable',
        code: 'overloaded',
        details: { reason: 'projectionLagMs', retryAfterSeconds: 2 },
      }),
    )
    lag = 0
    now += 1_000
    expect(admit).not.toThrow()
  })
})

describe('the timers', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 0 })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('fire in the order of their times, each once, also months ahead', async () => {
    const fired: string[] = []
    const timers = createTimerService(
      (run, ids) => fired.push(`${run}:${[...ids].sort().join('+')}@${Date.now()}`),
      () => Date.now(),
    )
    const day = 86_400_000
    timers.add('a', 'late', 90 * day)
    timers.add('b', 'soon', 1_000)
    timers.add('b', 'soon', 1_000)
    timers.add('c', 'x', 5_000)
    timers.add('c', 'y', 5_000)
    timers.add('d', 'past', -5)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(fired).toEqual(['d:past@0', 'b:soon@1000', 'c:x+y@5000'])
    await vi.advanceTimersByTimeAsync(90 * day)
    expect(fired.at(-1)).toBe(`a:late@${90 * day}`)
    timers.stop()
  })
})

describe('a countdown', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })
  const counted = (milliseconds: number) => {
    let ends = 0
    const countdown = startCountdown(milliseconds, () => {
      ends += 1
    })
    return { countdown, ends: () => ends }
  }

  it('stands still while any pause lasts', async () => {
    const { countdown, ends } = counted(100)
    await vi.advanceTimersByTimeAsync(60)
    const [first, second] = [countdown.pause(), countdown.pause()]
    await vi.advanceTimersByTimeAsync(1_000)
    first()
    first()
    await vi.advanceTimersByTimeAsync(1_000)
    second()
    await vi.advanceTimersByTimeAsync(39)
    expect(ends()).toBe(0)
    await vi.advanceTimersByTimeAsync(1)
    expect(ends()).toBe(1)
  })

  it('that was stopped does not go on when a pause ends', async () => {
    const { countdown, ends } = counted(100)
    const resume = countdown.pause()
    countdown.stop()
    resume()
    await vi.advanceTimersByTimeAsync(1_000)
    expect(ends()).toBe(0)
  })
})
