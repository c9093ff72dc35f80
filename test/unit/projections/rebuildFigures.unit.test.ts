import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { usualRate } from '../../../src/projections/operations/estimateRebuild.js'
import type { RebuildState } from '../../../src/projections/operations/projectionOperations.js'
import { toRebuild } from '../../../src/projections/operations/rebuildView.js'
import type { RebuildRow } from '../../../src/projections/rebuild/rebuildRecords.js'

const states: readonly RebuildState[] = [
  'preparing',
  'replaying',
  'catching_up',
  'verifying',
  'swapped',
  'completed',
  'paused',
  'failed',
  'cancelled',
]

const rowOf = (more: Partial<RebuildRow> = {}): RebuildRow => ({
  id: 'r',
  projection: 'executions',
  state: 'replaying',
  resume_state: null,
  requested: null,
  requested_by: null,
  generation: 2,
  from_generation: 1,
  version: 1,
  target_position: 1_100n,
  first_position: 100n,
  position: 600n,
  processed: 5_000n,
  bytes: 1n,
  events_per_second: 1_234.4,
  eta_seconds: 4.04,
  keep_ms: 1n,
  on_difference: 'fail',
  keep_until: null,
  verification: null,
  swap_ms: null,
  error: null,
  actor: { kind: 'apiKey', id: 'k', name: 'k' },
  correlation_id: 'c',
  started_at: '2026-03-01T12:00:00.000Z',
  finished_at: null,
  ...more,
})

const lasting = (seconds: number, more: Partial<RebuildRow> = {}): RebuildRow =>
  rowOf({
    state: 'swapped',
    finished_at: new Date(Date.parse('2026-03-01T12:00:00Z') + seconds * 1_000).toISOString(),
    ...more,
  })

describe('how far a rebuild is', () => {
  it('is by log position, from the first event to where the log ended', () => {
    expect(toRebuild(rowOf())).toMatchObject({ progress: 0.5, etaSeconds: 4, eventsPerSecond: 1_234 })
  })

  it.each([
    ['at the start', { position: null, first_position: null }, 0],
    ['past the target, while the log grows', { position: 2_000n }, 1],
    ['of an empty log, before it has begun', { state: 'preparing', target_position: null, position: null }, 0],
    ['of an empty log', { target_position: null, position: null }, 1],
    ['of one event', { first_position: 7n, target_position: 7n, position: 7n }, 1],
    ['paused before it has begun', { state: 'paused', resume_state: 'preparing', target_position: null }, 0],
    ['paused in the middle', { state: 'paused', resume_state: 'replaying' }, 0.5],
    ['paused after the replay', { state: 'paused', resume_state: 'catching_up' }, 1],
    ['cancelled in the middle', { state: 'cancelled' }, 0.5],
  ] as const)('%s', (_, more, progress) => {
    expect(toRebuild(rowOf(more)).progress).toBe(progress)
  })

  const position = fc.option(fc.bigInt(0n, 10n ** 15n), { nil: null })

  it('is a share, and never less at a later position', () => {
    fc.assert(
      fc.property(
        position,
        position,
        position,
        position,
        fc.constantFrom(...states),
        (first, target, one, other, state) => {
          const [earlier, later] = [one, other].map(
            (at) => toRebuild(rowOf({ state, position: at, first_position: first, target_position: target })).progress,
          )
          for (const share of [earlier, later]) {
            expect(share).toBeGreaterThanOrEqual(0)
            expect(share).toBeLessThanOrEqual(1)
          }
          if ((one ?? -1n) <= (other ?? -1n)) expect(earlier).toBeLessThanOrEqual(later ?? 0)
        },
      ),
    )
  })

  it('tells the time that is left from a hundredth on: what the first events took says nothing of a log of which they are few', () => {
    const whole = { first_position: 0n, target_position: 100_000n, eta_seconds: 420 }
    expect(toRebuild(rowOf({ ...whole, position: 150n })).etaSeconds).toBeNull()
    expect(toRebuild(rowOf({ ...whole, position: 999n })).etaSeconds).toBeNull()
    expect(toRebuild(rowOf({ ...whole, position: 1_000n })).etaSeconds).toBe(420)
    // Behind the target, while the log grows, nothing is left.
    expect(toRebuild(rowOf({ ...whole, position: 200_000n, eta_seconds: 0 })).etaSeconds).toBe(0)
  })

  it.each(states.filter((state) => state !== 'replaying'))('tells no time that is left where it is %s', (state) => {
    expect(toRebuild(rowOf({ state })).etaSeconds).toBeNull()
  })
})

describe('the pace of a rebuild', () => {
  it('is nothing while it does not replay', () => {
    for (const state of ['paused', 'catching_up', 'verifying'] as const) {
      expect(toRebuild(rowOf({ state })).eventsPerSecond).toBe(0)
    }
  })

  it('is that of all of it when it is over, not that of its last moment', () => {
    expect(toRebuild(lasting(4)).eventsPerSecond).toBe(1_250)
    expect(toRebuild(lasting(0)).eventsPerSecond).toBe(0)
  })
})

describe('the pace of rebuilds to come', () => {
  it('is that of a usual one, whatever the last moment of one was, or how long one was paused', () => {
    const rows = [lasting(86_400), lasting(4, { events_per_second: 3 }), lasting(5, { events_per_second: 1e6 })]
    expect(usualRate(rows)).toBe(1_000)
    expect(usualRate(rows.toReversed())).toBe(1_000)
  })

  it('is not told by those that are small, failed or not over', () => {
    const useless = [lasting(1, { processed: 999n }), lasting(1, { state: 'failed' }), rowOf(), lasting(0)]
    expect(usualRate(useless)).toBeUndefined()
    expect(usualRate([...useless, lasting(2)])).toBe(2_500)
  })
})
