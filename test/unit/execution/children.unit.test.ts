import { describe, expect, it } from 'vitest'
import type { Definition, Policy } from '../../../src/domain/definition.js'
import type { JsonObject } from '../../../src/domain/json.js'
import { maxDepth } from '../../../src/execution/childRun.js'
import { define, idOf, manual, type NodeSpec, noop } from '../../support/execution/definitions.js'
import { effect, failing, useEngines, withEffect } from '../../support/execution/engines.js'
import { runsOf } from '../../support/execution/openWorkOfLog.js'
import { type RunEngine, stepOf } from '../../support/execution/runEngine.js'

const engineWith = useEngines()
const subworkflow = (workflow: string): NodeSpec => ({ type: 'subworkflow', config: { workflowId: idOf(workflow) } })
const signal = (name: string): NodeSpec => ({ type: 'signal', config: { name } })
const calling = (workflow: string, settings = {}): Definition =>
  define({ start: manual, call: subworkflow(workflow) }, ['start -> call'], settings)
const failingRun = define({ start: manual, f: { type: 'fail', config: { code: 'no_luck', message: 'none' } } }, [
  'start -> f',
])
const endless = (settings = {}): Definition =>
  define({ start: manual, s: { type: 'signal', config: { name: 'never' } } }, ['start -> s'], settings)
const over = (config: JsonObject): Definition =>
  define({ start: manual, each: { type: 'map', config: { workflowId: idOf('child'), ...config } } }, ['start -> each'])

const runs = (engine: RunEngine, workflow: string) =>
  runsOf(engine.log.events).filter(({ workflowId }) => workflowId === idOf(workflow))
/** Waits until so many runs of a workflow are under way. */
const underWay = (engine: RunEngine, executionId: string, workflow: string, count: number) =>
  engine.until(executionId, () => runs(engine, workflow).filter(({ phase }) => phase === 'active').length === count)

describe('child runs below child runs', () => {
  const workflows = { top: calling('middle'), middle: calling('bottom') }

  it('are all cancelled with the topmost, the lowest first', async () => {
    const engine = engineWith({ workflows: { ...workflows, bottom: endless() } })
    const { executionId } = await engine.start('top')
    await underWay(engine, executionId, 'bottom', 1)
    await engine.commands.cancel(engine.context(), { executionId })
    await engine.end(executionId)
    const cancelled = engine.log.events.filter(({ type }) => type === 'ExecutionCancelled').map(({ stream }) => stream)
    expect(cancelled).toEqual(
      ['bottom', 'middle', 'top'].map((name) => `execution-${runs(engine, name)[0]?.executionId}`),
    )
  })

  it('are all cancelled where the topmost times out', async () => {
    const engine = engineWith({
      workflows: { top: calling('middle', { timeoutMs: 300 }), middle: calling('bottom'), bottom: endless() },
    })
    const { executionId } = await engine.start('top')
    expect((await engine.end(executionId)).outcome).toBe('timedOut')
    expect(['middle', 'bottom'].map((name) => runs(engine, name)[0]?.outcome)).toEqual(['cancelled', 'cancelled'])
  })

  it('fail upwards, each with the error below it', async () => {
    const engine = engineWith({ workflows: { ...workflows, bottom: failingRun } })
    expect((await engine.run('top')).error).toMatchObject({
      code: 'subworkflow_failed',
      details: { error: { code: 'subworkflow_failed', details: { error: { code: 'no_luck' } } } },
    })
  })

  it('are no more than a fixed number, where workflows start each other', async () => {
    const engine = engineWith({ workflows: { ping: calling('pong'), pong: calling('ping') } })
    const state = await engine.run('ping')
    expect(state.outcome).toBe('failed')
    const all = runsOf(engine.log.events)
    expect(all).toHaveLength(maxDepth + 1)
    const deepest = all.find(({ parent }) => parent?.depth === maxDepth)
    expect(deepest?.error).toMatchObject({ class: 'child', code: 'subworkflow_too_deep' })
  })
})

describe('a subworkflow', () => {
  it('fails with what became of its run where that timed out, or was cancelled', async () => {
    const engine = engineWith({
      workflows: {
        slow: calling('late'),
        late: endless({ timeoutMs: 10 }),
        parent: calling('child'),
        child: endless(),
      },
    })
    expect((await engine.run('slow')).error).toMatchObject({ class: 'child', code: 'subworkflow_timed_out' })
    const { executionId } = await engine.start('parent')
    await underWay(engine, executionId, 'child', 1)
    const [child] = runs(engine, 'child')
    await engine.commands.cancel(engine.context(), { executionId: child?.executionId ?? '' })
    expect((await engine.end(executionId)).error).toMatchObject({ class: 'child', code: 'subworkflow_cancelled' })
  })

  it('goes by its timeout port where its policy gives it no more time, and its run is cancelled', async () => {
    const engine = engineWith({
      workflows: {
        parent: define({ start: manual, call: { ...subworkflow('child'), policy: { timeoutMs: 200 } }, late: noop }, [
          'start -> call',
          'call:timeout -> late',
        ]),
        child: endless(),
      },
    })
    const state = await engine.run('parent')
    expect([state.outcome, stepOf(state, 'late')?.status]).toEqual(['completed', 'completed'])
    const child = runs(engine, 'child')[0]?.executionId ?? ''
    expect((await engine.end(child)).outcome).toBe('cancelled')
  })

  it.each(['its cancel', 'its end in time'])('that a dead process started is cancelled after %s', async (cause) => {
    const isCancel = cause === 'its cancel'
    const settings = isCancel ? {} : { timeoutMs: 400 }
    const workflows = { parent: calling('child', settings), child: endless(), map: over({ items: '{{ [1, 2] }}' }) }
    const first = engineWith({ workflows })
    const parents = [await first.start('parent'), await first.start('map')]
    await underWay(first, parents[0]?.executionId ?? '', 'child', 3)
    await first.stop()
    const commandsOnly = engineWith({ workflows, log: first.log, executes: false })
    for (const { executionId } of parents.slice(isCancel ? 0 : 1)) {
      await commandsOnly.commands.cancel(commandsOnly.context(), { executionId })
    }
    const second = engineWith({ workflows, log: first.log })
    const ended = await Promise.all(parents.map(({ executionId }) => second.end(executionId)))
    expect(ended.map(({ outcome }) => outcome)).toEqual([isCancel ? 'cancelled' : 'timedOut', 'cancelled'])
    expect(runs(second, 'child').map(({ outcome }) => outcome)).toEqual(['cancelled', 'cancelled', 'cancelled'])
  })

  it('starts a new run when it is tried again', async () => {
    let calls = 0
    const nodeTypes = withEffect(async () => {
      calls += 1
      if (calls === 1) throw failing('unlucky')
      return 'done'
    })
    const retry = { maxAttempts: 2, initialMs: 1, factor: 1, maxMs: 1, jitter: 0 }
    const engine = engineWith({
      workflows: {
        parent: define({ start: manual, call: { ...subworkflow('child'), policy: { retry } } }, ['start -> call']),
        child: define({ start: manual, e: effect() }, ['start -> e']),
      },
      nodeTypes,
    })
    expect((await engine.run('parent')).output).toBe('done')
    expect(runs(engine, 'child').map(({ outcome }) => outcome)).toEqual(['failed', 'completed'])
  })
})

describe('child runs that the failure of their parent cut off', () => {
  it.each<[string, Policy, string[]]>([
    ['nobody', {}, []],
    ['its error port', {}, ['call:error -> rescue']],
    ['null', { onError: 'continue' }, ['call -> rescue']],
    ['an operator', { onError: 'hold' }, []],
  ])('are no failure of their node, which would go to %s, and start anew with a retry', async (_, policy, edges) => {
    let isBroken = true
    const nodeTypes = withEffect(async () => {
      if (isBroken) throw failing('broken')
      return 'mended'
    })
    const specs = { start: manual, call: { ...subworkflow('child'), policy }, gate: signal('fail'), bad: effect() }
    const engine = engineWith({
      workflows: {
        parent: define({ ...specs, rescue: noop }, ['start -> call', 'start -> gate', 'gate -> bad', ...edges]),
        child: endless(),
      },
      nodeTypes,
    })
    const { executionId } = await engine.start('parent')
    await underWay(engine, executionId, 'child', 1)
    await engine.commands.signal(engine.context(), { executionId, name: 'fail' })
    const failed = await engine.end(executionId)
    expect([failed.error?.code, stepOf(failed, 'call')?.status]).toEqual(['broken', 'cancelled'])
    isBroken = false
    await engine.commands.retry(engine.context(), { executionId })
    await underWay(engine, executionId, 'child', 1)
    const { state } = await engine.commands.load(executionId)
    expect([stepOf(state, 'call')?.status, stepOf(state, 'call')?.attempts]).toEqual(['waiting', 2])
    expect(runs(engine, 'child').map(({ outcome }) => outcome)).toEqual(['cancelled', undefined])
  })
})

describe('a map', () => {
  it('with too many failures cancels what is under way, and starts nothing more', async () => {
    const child = define(
      {
        start: manual,
        bad: { type: 'condition', config: { expression: 'input == 0' } },
        f: { type: 'fail', config: { code: 'bad', message: 'bad' } },
        s: { type: 'signal', config: { name: 'never' } },
      },
      ['start -> bad', 'bad:true -> f', 'bad:false -> s'],
    )
    const engine = engineWith({
      workflows: { parent: over({ items: '{{ input }}', maxConcurrency: 2 }), child },
    })
    const state = await engine.run('parent', [1, 0, 2, 3])
    const failed = runs(engine, 'child').find(({ outcome }) => outcome === 'failed')
    const first = [{ iteration: 1, executionId: failed?.executionId, code: 'subworkflow_failed' }]
    expect(failed).toBeDefined()
    expect(state.error).toMatchObject({ code: 'map_failed', details: { failures: 1, items: 4, first } })
    expect(runs(engine, 'child').map(({ input, outcome }) => [input, outcome])).toEqual([
      [1, 'cancelled'],
      [0, 'failed'],
    ])
  })

  it.each([
    ['more than 10,000 items', { items: '{{ range(10001) }}' }, null, 'invalid_config'],
    ['items that are no list', { items: '{{ input }}' }, 'text', 'invalid_config'],
    [
      'inputs larger than an event',
      { items: '{{ range(300) }}', input: '{{ trigger }}' },
      'x'.repeat(1_000),
      'input_too_large',
    ],
  ])('with %s fails, and starts nothing', async (_, config, input, code) => {
    const engine = engineWith({ workflows: { parent: over(config), child: endless() } })
    expect((await engine.run('parent', input)).error).toMatchObject({ code })
    expect(runs(engine, 'child')).toEqual([])
  })
})

describe('a child run of a workflow with a concurrency limit', () => {
  it('that ended while nobody looked is found, though another run has its place now', async () => {
    const child = define({ start: manual, s: signal('go') }, ['start -> s'], {
      concurrency: { limit: 1, whenFull: 'reject' },
    })
    const workflows = { parent: calling('child'), child }
    const first = engineWith({ workflows })
    const { log } = first
    const { executionId } = await first.start('parent')
    await underWay(first, executionId, 'child', 1)
    await first.stop()
    const meanwhile = engineWith({ workflows, log, executes: false })
    const [begun] = runs(meanwhile, 'child')
    if (begun === undefined) throw new Error('there is no child run')
    const signalled = { executionId: begun.executionId, name: 'go', payload: 'done' }
    await meanwhile.commands.signal(meanwhile.context(), signalled)
    await meanwhile.start('child')
    const next = engineWith({ workflows, log })
    expect((await next.end(executionId)).output).toBe('done')
    expect(runs(next, 'child').map(({ phase }) => phase)).toEqual(['ended', 'active'])
  })
})
