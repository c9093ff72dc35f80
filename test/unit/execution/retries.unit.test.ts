import { describe, expect, it } from 'vitest'
import type { NodeError } from '../../../src/domain/events/catalogue/execution.js'
import { decideOutcome } from '../../../src/domain/execution/decide/attempts.js'
import { decideTimers } from '../../../src/domain/execution/decide/timers.js'
import { retryAfterMs, retryDelay, waitBeforeRetry } from '../../../src/domain/execution/retries.js'
import type { JsonValue } from '../../../src/domain/json.js'
import { condition, define, idOf, manual, type NodeSpec } from '../../support/execution/definitions.js'
import { effect } from '../../support/execution/engines.js'
import { pureRun, typesOf } from '../../support/execution/pureRun.js'

const now = '2026-01-01T00:00:00.000Z'
const policy = { maxAttempts: 9, initialMs: 100, factor: 2, maxMs: 1_000, jitter: 0.5 }
const errorOf = (details?: JsonValue, code = 'http_status', errorClass = 'http'): NodeError => ({
  class: errorClass,
  code,
  message: 'no',
  ...(details === undefined ? {} : { details }),
})

describe('the wait before a retry', () => {
  it('grows by the factor up to its maximum, shortened by the jitter', () => {
    expect([1, 2, 3, 4, 5, 9].map((tries) => retryDelay(policy, tries, 0))).toEqual([100, 200, 400, 800, 1_000, 1_000])
    expect(retryDelay(policy, 2, 0.5)).toBe(150)
    expect(retryDelay({ ...policy, jitter: 0 }, 3, 0.99)).toBe(400)
    expect(retryDelay({ ...policy, jitter: 1 }, 3, 0.75)).toBe(100)
  })

  it.each([
    ['seconds', { retryAfter: '7' }, 7_000],
    ['a date', { retryAfter: 'Thu, 01 Jan 2026 00:01:00 GMT' }, 60_000],
    ['a date that has passed', { retryAfter: 'Wed, 31 Dec 2025 00:01:00 GMT' }, 0],
    ['what is neither', { retryAfter: 'soon' }, 0],
    ['nothing', { status: 503 }, 0],
    ['details that are no object', 'retryAfter', 0],
    ['no details', undefined, 0],
  ])('that the other side asks for is read from %s', (_, details, expected) => {
    expect(retryAfterMs(errorOf(details), now)).toBe(expected)
  })

  it.each([
    ['is longer than the back-off', '1', 5_000, 1_000],
    ['is longer than the policy allows', '60', 5_000, 5_000],
    ['is shorter than the back-off', '0', 5_000, 100],
  ])('is what the other side asks for where that %s', (_, retryAfter, maxMs, expected) => {
    expect(waitBeforeRetry({ ...policy, maxMs }, 1, errorOf({ retryAfter }), { random: 0, now })).toBe(expected)
  })

  it.each([
    ['no policy', undefined, 1, false],
    ['tries left', {}, 8, true],
    ['no tries left', {}, 9, false],
    ['its code among those to retry', { retryOn: ['http_status'] }, 1, true],
    ['its class among those to retry', { retryOn: ['http'] }, 1, true],
    ['neither among those to retry', { retryOn: ['code'] }, 1, false],
    ['its code excepted', { doNotRetryOn: ['http_status'] }, 1, false],
    ['its class excepted', { doNotRetryOn: ['http'] }, 1, false],
    ['others excepted', { doNotRetryOn: ['code'] }, 1, true],
    [
      'its class among those to retry, and its code excepted',
      { retryOn: ['http'], doNotRetryOn: ['http_status'] },
      1,
      false,
    ],
  ])('is none, or one, with %s', (_, extra, tries, expected) => {
    const retry = extra === undefined ? undefined : { ...policy, ...extra }
    expect(waitBeforeRetry(retry, tries, errorOf(), { random: 0, now }) !== undefined).toBe(expected)
  })
})

describe('an attempt that never found a thread', () => {
  const busy = errorOf(undefined, 'no_free_thread', 'capacity')
  const fail = (run: ReturnType<typeof pureRun>, attempt: number, error: NodeError) =>
    run.do((state, plan, env) =>
      decideOutcome(state, plan, env, { nodeId: idOf('a'), attempt }, { kind: 'failed', error }),
    )
  const wakeUp = (run: ReturnType<typeof pureRun>, attempt: number) => {
    run.now = new Date(Date.parse(run.now) + 60_000).toISOString()
    return run.do((state, plan, env) => decideTimers(state, plan, env, [`retry:${idOf('a')}:${attempt}`]))
  }

  it('is tried again without a policy, later than the others', () => {
    const run = pureRun(define({ start: manual, a: effect() }, ['start -> a']), { slots: 1 })
    expect(typesOf(fail(run, 1, busy).flat())).toEqual(['NodeAttemptFailed', 'TimerScheduled'])
    expect(run.node('a')?.history[0]).toMatchObject({ outcome: 'failed', retryAt: '2026-01-01T00:00:11.250Z' })
    wakeUp(run, 1)
    expect(run.node('a')).toMatchObject({ status: 'running', attempts: 2, tries: 1 })
  })

  it('uses up none of the tries that its policy has', () => {
    const retry = { maxAttempts: 2, initialMs: 1, factor: 1, maxMs: 1, jitter: 0 }
    const run = pureRun(define({ start: manual, a: effect({}, { retry }) }, ['start -> a']), { slots: 1 })
    for (const attempt of [1, 2, 3]) {
      fail(run, attempt, busy)
      wakeUp(run, attempt)
    }
    fail(run, 4, errorOf())
    expect(run.status('a')).toBe('retrying')
    wakeUp(run, 4)
    fail(run, 5, errorOf())
    expect(run.state.outcome).toBe('failed')
  })

  it.each<[string, NodeSpec, number]>([
    ['an effect', effect(), 5_000 + 5_000],
    ['an effect with a costly config', effect({ x: '{{ input.map(a, input.map(b, a + b)) }}' }), 5_000 + 60_000],
    ['a costly pure node', condition('input.exists(a, input.exists(b, a == b + 1))'), 60_000 + 60_000],
  ])('has time for its wait in the lease of %s', (_, spec, expected) => {
    const run = pureRun(define({ start: manual, a: spec }, ['start -> a']), { input: [1], slots: 1 })
    // The test's grace is a second.
    expect(Date.parse(run.node('a')?.leaseUntil ?? '') - Date.parse(now)).toBe(expected + 1_000)
  })
})
