import { describe, expect, it } from 'vitest'
import type { Settings } from '../../../src/domain/definition.js'
import { decideInDoubt, decideOutcome } from '../../../src/domain/execution/decide/attempts.js'
import {
  decideCancel,
  decideContinue,
  decideDequeue,
  decidePause,
  decideResume,
  decideRetry,
} from '../../../src/domain/execution/decide/controls.js'
import { decideSignal } from '../../../src/domain/execution/decide/signals.js'
import { decideTimers } from '../../../src/domain/execution/decide/timers.js'
import { define, idOf, manual, type NodeSpec, noop, transform } from '../../support/execution/definitions.js'
import { effect } from '../../support/execution/engines.js'
import { type PureRun, pureRun, typesOf } from '../../support/execution/pureRun.js'

const one = (spec: NodeSpec, settings: Settings = {}) => define({ start: manual, a: spec }, ['start -> a'], settings)
const delay: NodeSpec = { type: 'delay', config: { seconds: 60 } }
const cancel = (run: PureRun) => run.do((state, plan, env) => decideCancel(state, plan, env)).flat()
const pause = (run: PureRun) => run.do((state, plan, env) => decidePause(state, plan, env))
const resume = (run: PureRun) => run.do((state, plan, env) => decideResume(state, plan, env))
const timeOut = (run: PureRun) => run.do((state, plan, env) => decideTimers(state, plan, env, ['runTimeout'])).flat()
const fail = (run: PureRun, key = 'a', attempt = 1) =>
  run.do((state, plan, env) =>
    decideOutcome(
      state,
      plan,
      env,
      { nodeId: idOf(key), attempt },
      {
        kind: 'failed',
        error: { class: 'test', code: 'broken', message: 'no' },
      },
    ),
  )
const doubt = (run: PureRun) =>
  run.do((state, plan, env) => decideInDoubt(state, plan, env, { nodeId: idOf('a'), attempt: 1 }, 'it died'))
const retry = { maxAttempts: 2, initialMs: 1_000, factor: 1, maxMs: 1_000, jitter: 0 }

describe('a run can be cancelled at once', () => {
  it.each<[string, () => PureRun, string]>([
    ['in the queue', () => pureRun(one(noop), { queued: true }), 'untouched'],
    ['ready for an executor', () => pureRun(one(effect())), 'scheduled'],
    ['waiting for time', () => pureRun(one(delay)), 'waiting'],
    ['waiting for a retry', () => run(effect({}, { retry }), fail), 'retrying'],
    ['held', () => run(effect({}, { onError: 'hold' }), fail), 'held'],
    ['in doubt', () => run(effect({}, { inDoubt: 'hold' }), doubt), 'inDoubt'],
    ['paused', () => run(delay, pause), 'waiting'],
    ['in the queue and paused', () => run(noop, pause, true), 'untouched'],
  ])('when it is %s', (_, create, status) => {
    const cancelled = create()
    expect(cancelled.status('a')).toBe(status)
    expect(typesOf(cancel(cancelled))).toEqual(['ExecutionCancelRequested', 'ExecutionCancelled'])
    expect(cancelled.status('a')).toBe(status === 'untouched' ? status : 'cancelled')
    expect(cancel(cancelled)).toEqual([])
  })

  function run(spec: NodeSpec, then: (run: PureRun) => unknown, queued = false): PureRun {
    const made = pureRun(one(spec), { slots: 1, queued })
    then(made)
    return made
  }

  it('when it has 2,000 steps', () => {
    const keys = Array.from({ length: 1_999 }, (_, index) => `n${index}`)
    const large = pureRun(
      define(
        { start: manual, ...Object.fromEntries(keys.map((key) => [key, delay])) },
        keys.map((key) => `start -> ${key}`),
      ),
    )
    cancel(large)
    expect(large.state.outcome).toBe('cancelled')
  })
})

describe('a run that is being cancelled', () => {
  const inFlight = () => {
    const run = pureRun(define({ start: manual, a: effect(), b: effect() }, ['start -> a', 'a -> b']), { slots: 1 })
    expect(typesOf(cancel(run))).toEqual(['ExecutionCancelRequested'])
    return run
  }

  it('ends with the last attempt in flight, and starts nothing new', () => {
    const run = inFlight()
    const appended = run.do((state, plan, env) =>
      decideOutcome(
        state,
        plan,
        env,
        { nodeId: idOf('a'), attempt: 1 },
        { kind: 'completed', output: 1, ports: ['out'] },
      ),
    )
    expect(typesOf(appended.flat())).toEqual(['NodeResultDiscarded', 'ExecutionCancelled'])
    expect(run.status('b')).toBe('untouched')
  })

  it('ends after ten seconds without it, and tells its late result', () => {
    const run = inFlight()
    run.now = '2026-01-01T00:00:09.999Z'
    expect(run.do(decideContinue).flat()).toEqual([])
    run.now = '2026-01-01T00:00:10.000Z'
    expect(typesOf(run.do(decideContinue).flat())).toEqual(['ExecutionCancelled'])
    expect(typesOf(fail(run).flat())).toEqual(['NodeResultDiscarded'])
    expect(fail(run).flat()).toEqual([])
  })

  it('can be neither paused nor resumed, and takes no signals', () => {
    const message = 'The run is about to end: it was cancelled.'
    const ending = expect.objectContaining({ code: 'execution_ending', message })
    expect(() => pause(inFlight())).toThrow(ending)
    const paused = pureRun(one(effect()), { slots: 1 })
    pause(paused)
    cancel(paused)
    expect(() => resume(paused)).toThrow(ending)
    const signal = { signalId: idOf('signal'), name: 'go', payload: 1, dedupeId: null }
    expect(() => paused.do((state, plan, env) => decideSignal(state, plan, env, signal))).toThrow(ending)
  })
})

describe('the timeout of a run', () => {
  const settings = { timeoutMs: 1_000 }
  const later = (run: PureRun, seconds: number) => {
    run.now = new Date(Date.parse(run.now) + seconds * 1_000).toISOString()
  }

  it('does not count its time in the queue', () => {
    const run = pureRun(one(delay, settings), { queued: true })
    later(run, 3_600)
    expect(timeOut(run)).toEqual([])
    run.do(decideDequeue)
    expect(timeOut(run)).toEqual([])
    later(run, 1)
    expect(typesOf(timeOut(run))).toEqual(['TimerFired', 'ExecutionTimedOut'])
  })

  it('counts while the run is paused, and acts when that is over', () => {
    const run = pureRun(one(delay, settings))
    pause(run)
    later(run, 5)
    expect(timeOut(run)).toEqual([])
    resume(run)
    timeOut(run)
    expect(run.state.outcome).toBe('timedOut')
  })

  it('begins anew with a retry of the failed run', () => {
    const run = pureRun(one(effect(), settings), { slots: 1 })
    fail(run)
    later(run, 5)
    run.do((state, plan, env) => decideRetry(state, plan, env))
    expect(timeOut(run)).toEqual([])
    later(run, 1)
    expect(typesOf(timeOut(run))).toContain('TimerFired')
  })
})

describe('a retry of a failed run', () => {
  it('takes up what the failure cut off, with the waits beginning anew, and keeps the rest', () => {
    const run = pureRun(
      define({ start: manual, done: transform({ kept: true }), a: effect(), d: delay, after: noop }, [
        'start -> done',
        'start -> a',
        'start -> d',
        'd -> after',
      ]),
      { slots: 1 },
    )
    fail(run)
    expect([run.state.outcome, run.status('d')]).toEqual(['failed', 'cancelled'])
    run.now = '2026-01-01T00:00:30.000Z'
    run.do((state, plan, env) => decideRetry(state, plan, env, 'mended'))
    expect(['done', 'a', 'd', 'after'].map(run.status)).toEqual(['completed', 'running', 'waiting', 'untouched'])
    expect(run.node('d')).toMatchObject({ attempts: 2, wait: { dueAt: '2026-01-01T00:01:30.000Z' } })
    expect(run.node('a')).toMatchObject({ attempts: 2, tries: 1 })
    // A timer of the wait before means nothing any more.
    run.now = '2026-01-01T00:01:00.000Z'
    run.do((state, plan, env) => decideTimers(state, plan, env, [`delay:${idOf('d')}:1`]))
    expect(run.status('d')).toBe('waiting')
  })

  it('leaves what was in doubt to an operator where doubts are held', () => {
    const asked = (policy: NodeSpec['policy'], type: 'hold' | 'retry') => {
      const run = pureRun(
        define({ start: manual, bad: effect(), a: effect({ inDoubt: type }, policy) }, ['start -> bad', 'start -> a']),
        { slots: 2 },
      )
      doubt(run)
      fail(run, 'bad')
      expect([run.state.outcome, run.status('a')]).toEqual(['failed', 'cancelled'])
      run.now = '2026-01-01T00:00:05.000Z'
      return [run, run.do((state, plan, env) => decideRetry(state, plan, env)).flat()] as const
    }
    for (const [policy, type] of [
      [{}, 'hold'],
      [{ inDoubt: 'hold' }, 'retry'],
    ] as const) {
      const [run, events] = asked(policy, type)
      expect(typesOf(events)).toEqual(['ExecutionResumed', 'NodeInDoubt', 'NodeAttemptStarted'])
      expect([run.status('a'), run.status('bad')]).toEqual(['inDoubt', 'running'])
      expect(run.node('a')?.history).toMatchObject([{ outcome: 'inDoubt', finishedAt: '2026-01-01T00:00:00.000Z' }])
    }
  })

  it('leaves it to an operator, too, whose result came when the run had failed, but not whose failure did', () => {
    const outcomes = [
      { kind: 'completed', output: 1, ports: ['out'] },
      { kind: 'failed', error: { class: 'test', code: 'broken', message: 'no' } },
    ] as const
    const statuses = outcomes.map((outcome) => {
      const run = pureRun(
        define({ start: manual, bad: effect(), a: effect({ inDoubt: 'hold' }) }, ['start -> bad', 'start -> a']),
        { slots: 2 },
      )
      doubt(run)
      fail(run, 'bad')
      run.do((state, plan, env) => decideOutcome(state, plan, env, { nodeId: idOf('a'), attempt: 1 }, outcome))
      run.do((state, plan, env) => decideRetry(state, plan, env))
      return run.status('a')
    })
    expect(statuses).toEqual(['inDoubt', 'running'])
  })

  it('tries again what only the failing of the run had left in doubt', () => {
    const run = pureRun(
      define({ start: manual, bad: effect(), a: effect({ inDoubt: 'retry' }) }, ['start -> bad', 'start -> a']),
      { slots: 2 },
    )
    fail(run, 'bad')
    doubt(run)
    expect([run.state.outcome, run.status('a')]).toEqual(['failed', 'cancelled'])
    run.do((state, plan, env) => decideRetry(state, plan, env))
    expect(run.status('a')).toBe('running')
  })

  it('shows no failure any more where it tries again', () => {
    const run = pureRun(one(effect()), { slots: 0 })
    run.slots = 1
    run.do(decideContinue)
    fail(run)
    run.do((state, plan, env) => decideRetry(state, plan, env))
    expect(run.node('a')).toMatchObject({ status: 'running', error: undefined, handling: undefined })
  })

  it.each<[string, string, () => PureRun]>([
    ['has not ended', 'execution_not_ended', () => pureRun(one(delay))],
    ['was completed', 'execution_not_failed', () => pureRun(one(noop))],
    ['was cancelled', 'execution_not_failed', () => having(pureRun(one(delay)), cancel)],
    ['timed out', 'execution_not_failed', () => having(pureRun(one(delay, { timeoutMs: 1 })), sleepAndTimeOut)],
  ])('is refused where it %s', (what, code, create) => {
    const run = create()
    const refusal = expect.objectContaining({
      code,
      message: `Only a run that failed can be retried, and this one ${what}.`,
    })
    expect(() => run.do((state, plan, env) => decideRetry(state, plan, env))).toThrow(refusal)
  })

  function having(run: PureRun, then: (run: PureRun) => unknown): PureRun {
    then(run)
    return run
  }
  function sleepAndTimeOut(run: PureRun): void {
    run.now = '2026-01-01T00:00:01.000Z'
    timeOut(run)
    expect(run.state.outcome).toBe('timedOut')
  }
})

describe('an attempt that a crash cut off', () => {
  it.each<[string, NodeSpec, string]>([
    ['is repeated where its type says so', effect({ inDoubt: 'retry' }), 'running'],
    ['is held where its type says so', effect({ inDoubt: 'hold' }), 'inDoubt'],
    ['is repeated where its policy says so', effect({ inDoubt: 'hold' }, { inDoubt: 'retry' }), 'running'],
    ['is held where its policy says so', effect({ inDoubt: 'retry' }, { inDoubt: 'hold' }), 'inDoubt'],
    [
      'is repeated where it was of a pure node',
      { type: 'transform', config: { output: '{{ input.map(x, input.map(y, x)) }}' } },
      'running',
    ],
  ])('%s', (_, spec, status) => {
    const run = pureRun(one(spec), { slots: 1, input: [] })
    doubt(run)
    expect(run.status('a')).toBe(status)
  })

  it('uses up no try of its policy', () => {
    const run = pureRun(one(effect({}, { retry })), { slots: 1 })
    doubt(run)
    fail(run, 'a', 2)
    expect(run.status('a')).toBe('retrying')
  })
})
