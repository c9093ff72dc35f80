import { afterAll, describe, expect, it } from 'vitest'
import { decideInDoubt, decideOutcome } from '../../../src/domain/execution/decide/attempts.js'
import {
  decideCancel,
  decideContinue,
  decidePause,
  decideResume,
  decideRetry,
} from '../../../src/domain/execution/decide/controls.js'
import { decideSignal } from '../../../src/domain/execution/decide/signals.js'
import { decideTimers } from '../../../src/domain/execution/decide/timers.js'
import { explainStep } from '../../../src/domain/execution/explanation.js'
import type { JsonObject } from '../../../src/domain/json.js'
import { createCelEngine } from '../../../src/execution/expressions/celEngine.js'
import { createNodeEvaluator } from '../../../src/execution/expressions/nodeEvaluator.js'
import { define, idOf, manual, type NodeSpec, noop, transform } from '../../support/execution/definitions.js'
import { effect, eventTypes, useEngines } from '../../support/execution/engines.js'
import { type PureRun, pureRun, typesOf } from '../../support/execution/pureRun.js'
import { type RunEngineOptions, stepOf } from '../../support/execution/runEngine.js'

const evaluator = createNodeEvaluator({ engine: createCelEngine(), threads: 1 })
afterAll(() => evaluator.close())
const engineWith = useEngines()
const engineOf = (workflows: RunEngineOptions['workflows']) => engineWith({ workflows, evaluator })

/** Not costly by its form, and too much for the process that answers requests. */
const many = { list: Array.from({ length: 100_000 }, (_, n) => n % 10) }
const ofMany = 'input.list.map(x, x + 1).sum()'
/** Costly by its form. */
const nested = 'size(input.list.filter(x, input.list.exists(y, y > x)))'

const waiting = (type: string, config: JsonObject): NodeSpec => ({ type, config })
const child = define({ start: manual, got: transform({ got: '{{ input }}' }) }, ['start -> got'])
const then = (wait: NodeSpec) => define({ start: manual, wait, after: noop }, ['start -> wait', 'wait -> after'])

describe('a waiting node whose expressions have much to do', () => {
  it('waits for the time that they give', async () => {
    const engine = engineOf({
      past: then(waiting('delay', { until: `{{ ${ofMany} > 0 ? "2026-01-01T00:00:00Z" : "" }}` })),
      soon: then(waiting('delay', { seconds: `{{ ${ofMany} / 1e8 }}` })),
    })
    for (const workflow of ['past', 'soon']) {
      const state = await engine.run(workflow, many)
      expect([state.error, state.output]).toEqual([undefined, many])
      expect(eventTypes(engine, state.executionId)).toEqual([
        'ExecutionStarted',
        'NodeAttemptStarted',
        'NodeScheduled',
        'TimerScheduled',
        'TimerFired',
        'NodeCompleted',
        'NodeCompleted',
        'ExecutionCompleted',
      ])
    }
  })

  it.each([ofMany, nested])('waits for the signal whose name is made of %s', async (expression) => {
    const engine = engineOf({ w: then(waiting('signal', { name: `s-{{ ${expression} }}` })) })
    const input = expression === ofMany ? many : { list: [1, 2, 3] }
    const name = expression === ofMany ? 's-550000' : 's-2'
    const { executionId } = await engine.start('w', input)
    await engine.until(executionId, (state) => stepOf(state, 'wait')?.status === 'waiting')
    await engine.commands.signal(engine.context(), { executionId, name, payload: 'yes' })
    expect((await engine.end(executionId)).output).toBe('yes')
  })

  it('gives its child runs the input and the items that they make', async () => {
    const engine = engineOf({
      child,
      sub: then(waiting('subworkflow', { workflowId: idOf('child'), input: { sum: `{{ ${ofMany} }}` } })),
      map: then(waiting('map', { workflowId: idOf('child'), items: '{{ input.list.map(x, x + 1).slice(0, 3) }}' })),
      each: then(
        waiting('map', { workflowId: idOf('child'), items: '{{ input.list }}', input: '{{ size(range(item)) }}' }),
      ),
    })
    expect((await engine.run('sub', many)).output).toEqual({ got: { sum: 550_000 } })
    expect((await engine.run('map', many)).output).toEqual([{ got: 1 }, { got: 2 }, { got: 3 }])
    // Little for each item, and much together.
    const items = Array.from({ length: 40 }, () => 30_000)
    expect((await engine.run('each', { list: items })).output).toEqual(items.map((got) => ({ got })))
  })
})

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + seconds * 1_000).toISOString()
const costlySignal: NodeSpec = waiting('signal', { name: `s-{{ ${nested} }}` })
const claimed = (wait: NodeSpec, rest: Record<string, NodeSpec> = {}, edges: string[] = []) =>
  pureRun(define({ start: manual, wait, ...rest }, ['start -> wait', ...edges]), { input: { list: [1] }, slots: 2 })
const forSignal = { kind: 'planned', wait: { kind: 'signal', name: 's', timeoutAt: at(20) } } as const
const record = (run: PureRun, outcome: Parameters<typeof decideOutcome>[4], attempt = 1, key = 'wait') =>
  run.do((state, plan, env) => decideOutcome(state, plan, env, { nodeId: idOf(key), attempt }, outcome)).flat()
const send = (run: PureRun) =>
  run.do((state, plan, env) =>
    decideSignal(state, plan, env, { signalId: idOf('signal'), name: 's', payload: 'yes', dedupeId: null }),
  )

describe('the attempt that finds out what a node waits for', () => {
  it('gives the wait its number, and counts as its only try', () => {
    const run = claimed({
      ...costlySignal,
      policy: { retry: { maxAttempts: 2, initialMs: 1_000, factor: 1, maxMs: 1_000, jitter: 0 } },
    })
    expect(run.node('wait')).toMatchObject({ status: 'running', attempts: 1, tries: 1 })
    run.now = at(5)
    expect(typesOf(record(run, forSignal))).toEqual(['NodeScheduled', 'TimerScheduled'])
    expect(run.node('wait')).toMatchObject({
      status: 'waiting',
      attempts: 1,
      tries: 1,
      history: [{ attempt: 1, outcome: 'completed', finishedAt: at(5) }],
    })
    run.now = at(20)
    const fire = (timer: string) => run.do((state, plan, env) => decideTimers(state, plan, env, [timer])).flat()
    expect(typesOf(fire(`signalTimeout:${idOf('wait')}:1`))).toEqual([
      'TimerFired',
      'NodeAttemptFailed',
      'TimerScheduled',
    ])
    expect(explainStep(run.state, run.plan, idOf('wait')).summary).toContain(`it is tried again at ${at(21)}`)
    run.now = at(21)
    expect(typesOf(fire(`retry:${idOf('wait')}:1`))).toEqual(['TimerFired', 'NodeAttemptStarted'])
    record(run, { kind: 'planned', wait: { kind: 'signal', name: 's', timeoutAt: at(30) } }, 2)
    run.now = at(30)
    expect(typesOf(fire(`signalTimeout:${idOf('wait')}:2`))).toEqual(['TimerFired', 'NodeFailed', 'ExecutionFailed'])
  })

  it('has a time of its own; that of the wait counts from its claim', () => {
    const run = claimed({ ...costlySignal, policy: { timeoutMs: 60 * 86_400_000 } })
    const byData = define({ start: manual, wait: waiting('signal', { name: `s-{{ ${ofMany} }}` }) }, ['start -> wait'])
    for (const { events } of [run, pureRun(byData, { input: many, slots: 1 })]) {
      const claim = events.find(({ type }) => type === 'NodeAttemptStarted')
      // A minute for the expression, one for a free thread, and the grace.
      expect(claim?.data).toMatchObject({ leaseUntil: at(121) })
    }
    run.now = at(5)
    record(run, forSignal)
    expect(explainStep(run.state, run.plan, idOf('wait')).waitsFor?.timers).toEqual([
      { kind: 'signalTimeout', dueAt: at(20) },
      { kind: 'nodeTimeout', dueAt: at(60 * 86_400) },
    ])
  })

  it('is recorded once, and not at all where another one has taken over', () => {
    const run = claimed(costlySignal)
    run.do((state, plan, env) => decideInDoubt(state, plan, env, { nodeId: idOf('wait'), attempt: 1 }, 'gone'))
    expect(typesOf(record(run, forSignal, 1))).toEqual(['NodeResultDiscarded'])
    expect(run.node('wait')).toMatchObject({ status: 'running', attempts: 2, crashes: 1 })
    record(run, forSignal, 2)
    expect(record(run, forSignal, 2)).toEqual([])
    expect(run.node('wait')).toMatchObject({ status: 'waiting', attempts: 2, crashes: 0 })
  })

  it('takes a signal that came before, but not while the run is paused', () => {
    const running = claimed(costlySignal)
    send(running)
    expect(typesOf(record(running, forSignal))).toEqual([
      'NodeScheduled',
      'SignalConsumed',
      'NodeCompleted',
      'ExecutionCompleted',
    ])
    const paused = claimed(costlySignal)
    paused.do((state, plan, env) => decidePause(state, plan, env))
    send(paused)
    record(paused, forSignal)
    expect(paused.status('wait')).toBe('waiting')
    paused.do((state, plan, env) => decideResume(state, plan, env))
    expect(paused.state.output).toBe('yes')
  })

  it('ends the wait at once where there is nothing to run, or too much', () => {
    const map = (inputs: string[]) =>
      ({
        kind: 'planned',
        wait: { kind: 'map', workflowId: idOf('child'), inputs, maxConcurrency: 1, toleratedFailures: 0 },
      }) as const
    const none = claimed(costlySignal)
    record(none, map([]))
    expect(none.node('wait')).toMatchObject({ status: 'completed', output: [], history: [{ outcome: 'completed' }] })
    const tooMuch = claimed(costlySignal)
    record(tooMuch, map(['x'.repeat(300_000)]))
    expect(tooMuch.node('wait')).toMatchObject({
      status: 'failed',
      error: { code: 'input_too_large' },
      history: [{ outcome: 'failed' }],
    })
  })

  it('begins no wait in a run that is ending; a retry of the run asks again', () => {
    const run = claimed(costlySignal, { bad: effect() }, ['start -> bad'])
    record(run, { kind: 'failed', error: { class: 'test', code: 'broken', message: 'no' } }, 1, 'bad')
    expect(run.state.ending?.outcome).toBe('failed')
    expect(typesOf(record(run, forSignal))).toEqual(['NodeResultDiscarded', 'ExecutionFailed'])
    run.do((state, plan, env) => decideRetry(state, plan, env))
    expect([run.status('wait'), run.status('bad')]).toEqual(['running', 'running'])
    run.do((state, plan, env) => decideCancel(state, plan, env))
    record(run, forSignal, 2)
    run.now = at(11)
    run.do(decideContinue)
    expect(run.state.outcome).toBe('cancelled')
    expect(run.node('wait')?.wait).toBeUndefined()
  })
})
