import { describe, expect, it } from 'vitest'
import { childIdOf } from '../../../src/domain/execution/childId.js'
import { type AttemptOutcome, decideInDoubt, decideOutcome } from '../../../src/domain/execution/decide/attempts.js'
import {
  decideCancel,
  decideContinue,
  decidePause,
  decideRetry,
} from '../../../src/domain/execution/decide/controls.js'
import { decideResolution } from '../../../src/domain/execution/decide/resolveStep.js'
import { decideSignal } from '../../../src/domain/execution/decide/signals.js'
import { decideTimers } from '../../../src/domain/execution/decide/timers.js'
import { explainStep } from '../../../src/domain/execution/explanation.js'
import { condition, define, idOf, manual, noop } from '../../support/execution/definitions.js'
import { effect, failing, useEngines, withEffect } from '../../support/execution/engines.js'
import { type PureRun, pureRun, runId } from '../../support/execution/pureRun.js'

const engineWith = useEngines()
const signal = (name: string) => ({ type: 'signal', config: { name } })
const childRun = (iteration: number, key: string) => childIdOf(runId, { nodeId: idOf(key), attempts: 1 }, iteration)
const explain = (run: PureRun, key: string) => explainStep(run.state, run.plan, idOf(key))
const branched = () =>
  pureRun(
    define({ start: manual, big: condition('input.n > 10'), yes: noop, no: effect() }, [
      'start -> big',
      'big:true -> yes',
      'big:false -> no',
    ]),
    {
      input: { n: 3 },
    },
  )

describe('the explanation of a step', () => {
  it('says why it was skipped, with the condition and what it saw', () => {
    const explained = explain(branched(), 'yes')
    expect(explained.summary).toBe('big emitted false, not true (input.n > 10 was false for input.n = 3)')
    expect(explained.edges).toMatchObject([
      {
        fromKey: 'big',
        port: 'true',
        status: 'dead',
        reason: 'portNotEmitted',
        decisions: [{ operands: { 'input.n': 3 } }],
      },
    ])
  })

  it('says why it was skipped however far before it the path was cut off', () => {
    const last = { type: 'noop', policy: { join: 'allTaken' } } as const
    const specs = { start: manual, big: condition('input.n > 10'), yes: noop, next: noop, last, no: noop }
    const run = pureRun(
      define(specs, [
        'start -> big',
        'big:true -> yes',
        'yes -> next',
        'next -> last',
        'no -> last',
        'big:false -> no',
      ]),
      { input: { n: 3 } },
    )
    expect(explain(run, 'next').summary).toBe(
      'yes was skipped, as big emitted false, not true (input.n > 10 was false for input.n = 3)',
    )
    expect(explain(run, 'last').summary).toBe(
      "1 of 2 in-edges is dead, so its join can't be met: next was skipped, as big emitted false, not true (input.n > 10 was false for input.n = 3)",
    )
  })

  it.each([
    [{ n: 3 }, 'large', 'size emitted default, not large (input.n > 100 was false for input.n = 3)'],
    [{ n: 300 }, 'medium', 'size emitted large, not medium (input.n > 100 was true for input.n = 300)'],
    [{ n: 30 }, 'other', 'size emitted medium, not default (input.n > 10 was true for input.n = 30)'],
  ])('of the choices of a switch tells the one that counts: %j, %s', (input, key, summary) => {
    const cases = [
      { id: 'large', when: 'input.n > 100' },
      { id: 'medium', when: 'input.n > 10' },
    ]
    const specs = { start: manual, size: { type: 'switch', config: { cases } }, large: noop, medium: noop, other: noop }
    const edges = ['size:large -> large', 'size:medium -> medium', 'size:default -> other']
    expect(explain(pureRun(define(specs, ['start -> size', ...edges]), { input }), key).summary).toBe(summary)
  })

  it('cuts long values that a choice saw', () => {
    const specs = { start: manual, c: condition('input.t == "x"'), yes: noop }
    const run = pureRun(define(specs, ['start -> c', 'c:true -> yes']), { input: { t: 'a'.repeat(500) } })
    expect(explain(run, 'yes').summary).toMatch(/^c emitted false, not true .* for input\.t = "a{58}…\)$/)
  })

  it('says that it was skipped because another node failed, was skipped by an operator, or is another trigger', () => {
    const other = { type: 'trigger.webhook', config: { path: 'x' } }
    const specs = { start: manual, other, a: effect({ inDoubt: 'hold' }), b: noop, c: noop, d: noop }
    const run = (edges: readonly string[]) => pureRun(define(specs, ['start -> a', ...edges]), { slots: 1 })
    const ref = { nodeId: idOf('a'), attempt: 1 }

    const failed = run(['a -> b', 'a:error -> d', 'other -> c'])
    const error = { class: 'test', code: 'broken', message: 'no' }
    failed.do((state, plan, env) => decideOutcome(state, plan, env, ref, { kind: 'failed', error }))
    expect(explain(failed, 'b').summary).toBe('a failed (broken: no)')
    expect(explain(failed, 'c').summary).toBe('other did not start the run')

    const skipped = run(['a -> b', 'b -> c'])
    skipped.do((state, plan, env) => decideInDoubt(state, plan, env, ref, 'gone'))
    const resolution = { nodeId: idOf('a'), action: 'skip', reason: 'not needed' } as const
    skipped.do((state, plan, env) => decideResolution(state, plan, env, resolution))
    expect(explain(skipped, 'b').summary).toBe('an operator skipped a: not needed')
    expect(explain(skipped, 'c').summary).toBe('b was skipped, as an operator skipped a: not needed')
  })

  it('says what led to it, and that it waits for an executor', () => {
    const explained = explain(branched(), 'no')
    expect(explained).toMatchObject({
      status: 'scheduled',
      summary: 'ready for an executor',
      edges: [{ status: 'taken' }],
    })
  })

  it('says what it waits for, and until when', () => {
    const run = pureRun(
      define({ start: manual, s: { type: 'signal', config: { name: 'go', timeoutSeconds: 60 } } }, ['start -> s']),
    )
    expect(explain(run, 's')).toMatchObject({
      summary: 'waits for the signal go',
      waitsFor: {
        wait: { kind: 'signal', name: 'go' },
        timers: [{ kind: 'signalTimeout', dueAt: '2026-01-01T00:01:00.000Z' }],
      },
    })
  })

  it('tells its attempts, its error, and who resolved it', async () => {
    const engine = engineWith({
      workflows: { w: define({ start: manual, a: effect({}, { onError: 'hold' }) }, ['start -> a']) },
      nodeTypes: withEffect(async () => {
        throw failing('broken')
      }),
    })
    const { executionId } = await engine.start('w')
    const nodeId = idOf('a')
    await engine.until(executionId, (state) => [...state.nodes.recent.values()].some(({ status }) => status === 'held'))
    expect((await engine.commands.explain(executionId, nodeId)).summary).toBe(
      'failed (broken: it is broken) and is held for an operator',
    )
    await engine.commands.resolveStep(engine.context(), { executionId, nodeId, action: 'skip', reason: 'not needed' })
    const explained = await engine.commands.explain(executionId, nodeId)
    expect(explained).toMatchObject({
      status: 'skipped',
      summary: 'an operator skipped it: not needed',
      attempts: [{ attempt: 1, outcome: 'failed', error: { code: 'broken' } }],
      resolutions: [{ action: 'skip', actor: { id: 'test' }, reason: 'not needed' }],
    })
    await expect(engine.commands.explain(executionId, idOf('nowhere'))).rejects.toMatchObject({
      code: 'step_not_found',
    })
  })

  it('of an attempt tells how it stands: in flight, tried again, in doubt, failed', () => {
    const retry = { maxAttempts: 2, initialMs: 1_000, factor: 1, maxMs: 1_000, jitter: 0 }
    const run = pureRun(define({ start: manual, a: effect({ inDoubt: 'hold' }, { retry }) }, ['start -> a']), {
      slots: 1,
    })
    const ref = { nodeId: idOf('a'), attempt: 1 }
    const error = { class: 'test', code: 'broken', message: 'no' }
    expect(explain(run, 'a').summary).toBe('attempt 1 is in flight')
    run.do((state, plan, env) => decideOutcome(state, plan, env, ref, { kind: 'failed', error }))
    expect(explain(run, 'a')).toMatchObject({
      summary: 'attempt 1 failed (broken: no); it is tried again at 2026-01-01T00:00:01.000Z',
      waitsFor: { wait: null, timers: [{ kind: 'retry', dueAt: '2026-01-01T00:00:01.000Z' }] },
    })
    run.now = '2026-01-01T00:00:01.000Z'
    run.do((state, plan, env) => decideTimers(state, plan, env, [`retry:${idOf('a')}:1`]))
    run.do((state, plan, env) => decideInDoubt(state, plan, env, { ...ref, attempt: 2 }, 'gone'))
    expect(explain(run, 'a')).toMatchObject({
      summary: 'nobody knows whether attempt 2 took effect (gone); it is held for an operator',
      attempts: [
        { attempt: 1, outcome: 'failed' },
        { attempt: 2, outcome: 'inDoubt', inDoubtAs: 'gone' },
      ],
    })
    run.do((state, plan, env) =>
      decideResolution(state, plan, env, { nodeId: idOf('a'), action: 'fail', reason: 'asked the other side' }),
    )
    expect(explain(run, 'a')).toMatchObject({
      status: 'failed',
      summary: 'an operator let it fail (asked the other side); the run failed with it',
      resolutions: [{ action: 'fail', reason: 'asked the other side' }],
    })
  })

  it.each([
    ['continue', [], 'the run went on with null'],
    ['failRun', ['a:error -> b'], 'the run went on at its error port'],
    ['failRun', [], 'the run failed with it'],
  ] as const)('of a failure tells what followed: %s %j', (onError, edges, then) => {
    const specs = { start: manual, a: effect({}, { onError }), b: noop }
    const run = pureRun(define(specs, ['start -> a', 'a -> b', ...edges]), { slots: 1 })
    const error = { class: 'test', code: 'broken', message: 'no' }
    run.do((state, plan, env) =>
      decideOutcome(state, plan, env, { nodeId: idOf('a'), attempt: 1 }, { kind: 'failed', error }),
    )
    expect(explain(run, 'a').summary).toBe(`failed (broken: no); ${then}`)
  })

  it('says that an operator completed it, or let it fail, and forgets that when the run is tried again', () => {
    const held = { ...condition('input.missing'), policy: { onError: 'hold' as const } }
    const begun = () =>
      pureRun(
        define({ start: manual, a: held, yes: noop, no: noop }, ['start -> a', 'a:true -> yes', 'a:false -> no']),
        {
          input: {},
        },
      )
    const resolve = (run: PureRun, action: 'complete' | 'fail' | 'skip') =>
      run.do((state, plan, env) =>
        decideResolution(state, plan, env, { nodeId: idOf('a'), action, output: false, reason: 'looked it up' }),
      )
    const completed = begun()
    resolve(completed, 'complete')
    expect(explain(completed, 'a').summary).toBe('an operator completed it (looked it up), and it emitted false')
    expect(explain(completed, 'yes').summary).toBe(
      'an operator completed a (looked it up), and it emitted false, not true',
    )
    expect(explain(completed, 'a').handling).toBeNull()
    const failed = begun()
    resolve(failed, 'fail')
    expect(explain(failed, 'a').summary).toBe('an operator let it fail (looked it up); the run failed with it')
    failed.now = '2026-01-01T00:00:01.000Z'
    failed.do((state, plan, env) => decideRetry(state, plan, env))
    resolve(failed, 'skip')
    expect(explain(failed, 'no').summary).toBe('an operator skipped a: looked it up')
  })

  it('says what keeps the run from a step: the queue, or that it is about to end', () => {
    const steps = define({ start: manual, busy: effect(), a: effect(), after: noop }, [
      'start -> busy',
      'start -> a',
      'busy -> after',
    ])
    const queued = pureRun(steps, { queued: true })
    expect(['a', 'after'].map((key) => explain(queued, key).summary)).toEqual([
      'the run is in the queue',
      'the run is in the queue',
    ])
    queued.do((state, plan, env) => decidePause(state, plan, env))
    expect(explain(queued, 'a').summary).toBe('the run is in the queue, and is paused')
    const ending = pureRun(steps, { slots: 1 })
    ending.do((state, plan, env) => decideCancel(state, plan, env, 'not needed'))
    expect(['busy', 'a', 'after'].map((key) => explain(ending, key).summary)).toEqual([
      'attempt 1 is in flight; the run is being cancelled (not needed), and begins nothing any more',
      'the run is being cancelled (not needed), and begins nothing any more',
      'the run is being cancelled (not needed), and begins nothing any more',
    ])
  })

  it('names only the predecessors that it ran after, not those that came too late for its join', () => {
    const first = { ...noop, policy: { join: 'any' as const } }
    const run = pureRun(
      define({ start: manual, a: noop, b: noop, first }, ['start -> a', 'start -> b', 'a -> first', 'b -> first']),
    )
    expect(explain(run, 'first').edges.map(({ status }) => status)).toEqual(['taken', 'taken'])
    expect(explain(run, 'first').summary).toBe('ran after a and emitted out')
  })

  it('says of each dead edge what its source did', () => {
    const run = pureRun(
      define({ start: manual, other: manual, e: effect({}, { onError: 'continue' }), f: effect(), m: noop, n: noop }, [
        'start -> f',
        'f -> n',
        'f:error -> e',
        'other -> m',
      ]),
      { slots: 1 },
    )
    const error = { class: 'test', code: 'broken', message: 'no' }
    run.do((state, plan, env) =>
      decideOutcome(state, plan, env, { nodeId: idOf('f'), attempt: 1 }, { kind: 'failed', error }),
    )
    expect(explain(run, 'n').summary).toBe('f failed (broken: no)')
    expect(explain(run, 'm').summary).toBe('other did not start the run')
  })

  it('says when the next try of a wait is due, and what a pause holds back', () => {
    const retry = { maxAttempts: 2, initialMs: 1_000, factor: 1, maxMs: 1_000, jitter: 0 }
    const run = pureRun(
      define(
        {
          start: manual,
          s: { type: 'signal', config: { name: 'go', timeoutSeconds: 1 }, policy: { retry } },
          other: { type: 'signal', config: { name: 'other' } },
          e: effect(),
          after: noop,
        },
        ['start -> s', 'start -> other', 'start -> e', 'e -> after'],
      ),
      { slots: 1 },
    )
    run.now = '2026-01-01T00:00:01.000Z'
    run.do((state, plan, env) => decideTimers(state, plan, env, [`signalTimeout:${idOf('s')}:1`]))
    expect(explain(run, 's').summary).toMatch(/; it is tried again at 2026-01-01T00:00:02.000Z$/)
    run.do((state, plan, env) => decidePause(state, plan, env))
    expect(explain(run, 'other').summary).toBe('waits for the signal other, and the run is paused')
    const signal = { signalId: idOf('signal'), name: 'other', payload: 1, dedupeId: null }
    run.do((state, plan, env) => decideSignal(state, plan, env, signal))
    expect(explain(run, 'other').summary).toBe('the signal other has come, but the run is paused')
    const outcome = { kind: 'completed', output: 1, ports: ['out'] } as const
    run.do((state, plan, env) => decideOutcome(state, plan, env, { nodeId: idOf('e'), attempt: 1 }, outcome))
    expect(explain(run, 'after').summary).toBe('ready, but the run is paused')
  })

  it('tells what other waits are for, and what a pause or the end of the run did', () => {
    const run = pureRun(
      define(
        {
          start: manual,
          other: { type: 'trigger.webhook', config: { path: 'x' } },
          d: { type: 'delay', config: { seconds: 60 } },
          c: { type: 'subworkflow', config: { workflowId: idOf('child') } },
          m: { type: 'map', config: { items: '{{ [1, 2] }}', workflowId: idOf('child') } },
          e: effect(),
          after: noop,
        },
        ['start -> d', 'start -> c', 'start -> m', 'start -> e', 'other -> after', 'd -> after', 'c -> after'],
      ),
    )
    const told = (key: string) => explain(run, key).summary
    expect(['start', 'other', 'd', 'c', 'm', 'after'].map(told)).toEqual([
      'started the run and emitted out',
      'the run was started by another trigger',
      'waits until 2026-01-01T00:01:00.000Z',
      `waits for its child run ${childRun(0, 'c')}`,
      'waits for 2 child runs',
      `waits for d, which waits until 2026-01-01T00:01:00.000Z; c, which waits for its child run ${childRun(0, 'c')}`,
    ])
    expect(explain(run, 'c').waitsFor?.childRuns).toEqual([childRun(0, 'c')])
    expect(explain(run, 'm').waitsFor?.childRuns).toEqual([childRun(0, 'm'), childRun(1, 'm')])
    expect(explain(run, 'd').waitsFor?.childRuns).toEqual([])
    run.do((state, plan, env) => decidePause(state, plan, env))
    expect(told('e')).toBe('ready, but the run is paused')
    run.do((state, plan, env) => decideCancel(state, plan, env))
    run.now = '2026-01-01T00:00:11.000Z'
    run.do(decideContinue)
    expect(['d', 'c', 'e', 'after'].map(told)).toEqual([
      'it was to wait until 2026-01-01T00:01:00.000Z when the run was cancelled',
      `it waited for its child run ${childRun(0, 'c')} when the run was cancelled`,
      'it was ready for an executor when the run was cancelled',
      'the run was cancelled, and did not come to it',
    ])
    const failed = pureRun(
      define({ start: manual, f: effect(), d: noop, e: effect() }, ['start -> f', 'start -> e', 'e -> d']),
      {
        slots: 1,
      },
    )
    const error = { class: 'test', code: 'broken', message: 'no' }
    failed.do((state, plan, env) =>
      decideOutcome(state, plan, env, { nodeId: idOf('f'), attempt: 1 }, { kind: 'failed', error }),
    )
    expect(['e', 'd'].map((key) => explain(failed, key).summary)).toEqual([
      'it was ready for an executor when the run failed at f (broken: no)',
      'the run failed at f (broken: no), and did not come to it',
    ])
  })

  it('names what a step waits for, however far before it', () => {
    const specs = { start: manual, s: signal('go'), w: signal('other'), a: noop, b: noop, c: noop }
    const edges = ['start -> s', 'start -> w', 's -> a', 'a -> b', 'b -> c', 'w -> c']
    const run = pureRun(define(specs, edges))
    expect(explain(run, 'a').summary).toBe('waits for s, which waits for the signal go')
    expect(explain(run, 'b').summary).toBe('waits for a, and before that for s, which waits for the signal go')
    expect(explain(run, 'c').summary).toBe(
      'waits for b; w, which waits for the signal other, and before that for s, which waits for the signal go',
    )
    run.do((state, plan, env) => decidePause(state, plan, env))
    expect(explain(run, 'a').summary).toBe('waits for s, which waits for the signal go, and the run is paused')
  })

  it('says how each that it waits for stands, of many only of the first', () => {
    const retry = { maxAttempts: 2, initialMs: 1_000, factor: 1, maxMs: 1_000, jitter: 0 }
    const doubtful = effect({ inDoubt: 'hold' })
    const specs = {
      start: manual,
      r: effect({}, { retry }),
      h: effect({}, { onError: 'hold' }),
      i: doubtful,
      f: effect(),
    }
    const each = ['r', 'h', 'i', 'f']
    const more = { m: noop, r2: noop, h2: noop, i2: noop, f2: noop, q: effect(), q2: noop }
    const edges = each.flatMap((key) => [`start -> ${key}`, `${key} -> m`, `${key} -> ${key}2`])
    const run = pureRun(define({ ...specs, ...more }, [...edges, 'start -> q', 'q -> q2']), { slots: 4 })
    const error = { class: 'test', code: 'broken', message: 'no' }
    run.slots = 0
    for (const key of ['r', 'h']) {
      const ref = { nodeId: idOf(key), attempt: 1 }
      run.do((state, plan, env) => decideOutcome(state, plan, env, ref, { kind: 'failed', error }))
    }
    run.do((state, plan, env) => decideInDoubt(state, plan, env, { nodeId: idOf('i'), attempt: 1 }, 'gone'))
    expect([...each, 'q'].map((key) => explain(run, `${key}2`).summary)).toEqual([
      'waits for r, which is to be tried again',
      'waits for h, which is held for an operator',
      'waits for i, which is in doubt and held for an operator',
      'waits for f, whose attempt 1 is in flight',
      'waits for q, which is ready for an executor',
    ])
    expect(explain(run, 'm').summary).toBe(
      'waits for r, which is to be tried again; h, which is held for an operator; i, which is in doubt and held for an operator; and 1 more',
    )
    run.do((state, plan, env) => decideCancel(state, plan, env, 'asked for'))
    run.now = '2026-01-01T00:00:11.000Z'
    run.do(decideContinue)
    expect([...each, 'q'].map((key) => explain(run, key).summary)).toEqual([
      'it was to be tried again at 2026-01-01T00:00:01.000Z when the run was cancelled (asked for)',
      'it was held for an operator when the run was cancelled (asked for)',
      'nobody knew whether attempt 1 took effect when the run was cancelled (asked for)',
      'attempt 1 was in flight when the run was cancelled (asked for); how it went is not known',
      'it was ready for an executor when the run was cancelled (asked for)',
    ])
  })

  it('says what an attempt came to that the end of the run cut off', () => {
    const run = pureRun(define({ start: manual, a: effect(), b: effect() }, ['start -> a', 'start -> b']), { slots: 2 })
    const outcomeOf = (key: string, outcome: AttemptOutcome) =>
      run.do((state, plan, env) => decideOutcome(state, plan, env, { nodeId: idOf(key), attempt: 1 }, outcome))
    run.do((state, plan, env) => decideCancel(state, plan, env))
    outcomeOf('a', { kind: 'completed', output: 1, ports: ['out'] })
    expect(explain(run, 'a').summary).toBe(
      'attempt 1 was in flight when the run was cancelled; it succeeded, too late to count',
    )
    outcomeOf('b', { kind: 'failed', error: { class: 'aborted', code: 'given_up', message: 'the run ends' } })
    expect(run.state.outcome).toBe('cancelled')
    expect(explain(run, 'b').summary).toBe(
      'attempt 1 was in flight when the run was cancelled; it ended with given_up: the run ends',
    )
  })

  it('names the signals that have come in the place of the one that a step waits for', () => {
    const run = pureRun(define({ start: manual, s: signal('go') }, ['start -> s']))
    const send = (name: string) =>
      run.do((state, plan, env) =>
        decideSignal(state, plan, env, { signalId: idOf(name), name, payload: 1, dedupeId: null }),
      )
    for (const name of ['Go', 'goo', 'Go']) send(name)
    expect(explain(run, 's').summary).toBe('waits for the signal go; only others have come and are kept: Go, goo')
    for (const name of ['a', 'b', 'c', 'd']) send(name)
    expect(explain(run, 's').summary).toMatch(/are kept: Go, goo, a, b, c and others$/)
  })

  it('says of a trigger that did not start the run so, in the queue too', () => {
    const other = { type: 'trigger.webhook', config: { path: 'x' } }
    const run = pureRun(define({ start: manual, other, a: noop }, ['start -> a', 'other -> a']), { queued: true })
    expect(explain(run, 'other').summary).toBe('the run was started by another trigger')
  })

  it('tells the causes of all dead paths once each, of many only the first', () => {
    const specs = { start: manual, no: condition('false'), on: condition('true'), a: noop, b: noop, m: noop, n: noop }
    const edges = ['start -> no', 'start -> on', 'no:true -> m', 'on:false -> m', 'no:true -> a', 'no:true -> b']
    const run = pureRun(define(specs, [...edges, 'a -> n', 'b -> n', 'no:true -> n', 'on:false -> n']))
    expect(explain(run, 'm').summary).toBe(
      "2 of 2 in-edges are dead, so its join can't be met: no emitted false, not true (false was false); on emitted true, not false (true was true)",
    )
    expect(explain(run, 'n').summary).toMatch(/^4 of 4 in-edges .*; and 1 more$/)
  })
})
