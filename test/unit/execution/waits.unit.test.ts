import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../../src/domain/json.js'
import {
  define,
  idOf,
  manual,
  type NodeSpec,
  noop,
  transform,
  transformChain,
} from '../../support/execution/definitions.js'
import { effect, eventTypes, failing, useEngines, withEffect } from '../../support/execution/engines.js'
import { stepOf } from '../../support/execution/runEngine.js'

const engineWith = useEngines()
const signal = (config: JsonObject): NodeSpec => ({ type: 'signal', config })

describe('a delay', () => {
  it('waits durably and passes its input on', async () => {
    const definition = define({ start: manual, wait: { type: 'delay', config: { seconds: 0.02 } }, after: noop }, [
      'start -> wait',
      'wait -> after',
    ])
    const engine = engineWith({ workflows: { w: definition } })
    const begun = await engine.start('w', { a: 1 })
    expect(stepOf(begun, 'wait')?.status).toBe('waiting')
    const state = await engine.end(begun.executionId)
    expect(state.output).toEqual({ a: 1 })
    expect(eventTypes(engine, state.executionId)).toEqual([
      'ExecutionStarted',
      'NodeScheduled',
      'TimerScheduled',
      'TimerFired',
      'NodeCompleted',
      'NodeCompleted',
      'ExecutionCompleted',
    ])
  })
})

describe('a signal', () => {
  const approval = define({ start: manual, ok: signal({ name: 'approve' }), after: noop }, [
    'start -> ok',
    'ok -> after',
  ])

  it('lets the node that waits for it go on with its payload', async () => {
    const engine = engineWith({ workflows: { w: approval } })
    const { executionId } = await engine.start('w')
    await engine.commands.signal(engine.context(), { executionId, name: 'other', payload: 1 })
    const { state } = await engine.commands.signal(engine.context(), {
      executionId,
      name: 'approve',
      payload: { by: 'Ada' },
    })
    expect(state.outcome).toBe('completed')
    expect(state.output).toEqual({ by: 'Ada' })
  })

  it('is kept when it comes before the wait, and counts once for a dedupe id', async () => {
    let release: () => void = () => undefined
    const nodeTypes = withEffect(() => new Promise((resolve) => (release = () => resolve(null))))
    const definition = define(
      { start: manual, slow: effect(), first: signal({ name: 's' }), second: signal({ name: 's' }) },
      ['start -> slow', 'slow -> first', 'first -> second'],
    )
    const engine = engineWith({ workflows: { w: definition }, nodeTypes })
    const { executionId } = await engine.start('w')
    const send = (payload: number, dedupeId: string) =>
      engine.commands.signal(engine.context(), { executionId, name: 's', payload, dedupeId })
    await send(1, 'a')
    await send(1, 'a')
    await send(2, 'b')
    release()
    const state = await engine.end(executionId)
    expect(stepOf(state, 'first')?.output).toBe(1)
    expect(stepOf(state, 'second')?.output).toBe(2)
    expect(eventTypes(engine, executionId).filter((type) => type === 'SignalReceived')).toHaveLength(2)
  })

  it('that does not come in time leads to the timeout port', async () => {
    const definition = define(
      { start: manual, ok: signal({ name: 's', timeoutSeconds: 0.01 }), late: transform({ late: true }) },
      ['start -> ok', 'ok:timeout -> late'],
    )
    const engine = engineWith({ workflows: { w: definition } })
    const state = await engine.run('w')
    expect(state.output).toEqual({ late: true })
  })

  it('that does not come in time fails the node where no timeout port is connected', async () => {
    const engine = engineWith({
      workflows: { w: define({ start: manual, ok: signal({ name: 's', timeoutSeconds: 0.01 }) }, ['start -> ok']) },
    })
    const state = await engine.run('w')
    expect(state.error).toMatchObject({ class: 'timeout', code: 'signal_timeout' })
  })
})

describe('a subworkflow', () => {
  const child = transformChain(2)
  const parent = (config: JsonObject = {}) =>
    define(
      { start: manual, sub: { type: 'subworkflow', config: { workflowId: idOf('child'), ...config } }, after: noop },
      ['start -> sub', 'sub -> after'],
    )

  it('gives the output of its run', async () => {
    const engine = engineWith({ workflows: { parent: parent(), child } })
    const state = await engine.run('parent', { n: 1 })
    expect(state.output).toEqual({ n: 3 })
  })

  it('fails with the error of its run', async () => {
    const broken = define({ start: manual, f: { type: 'fail', config: { code: 'no_luck', message: 'none' } } }, [
      'start -> f',
    ])
    const engine = engineWith({ workflows: { parent: parent(), child: broken } })
    const state = await engine.run('parent')
    expect(state.error).toMatchObject({
      class: 'child',
      code: 'subworkflow_failed',
      details: { error: { code: 'no_luck' } },
    })
  })

  it('fails where its workflow can not be started', async () => {
    const engine = engineWith({ workflows: { parent: parent() } })
    const state = await engine.run('parent')
    expect(state.error).toMatchObject({ class: 'child', code: 'workflow_not_found' })
  })

  it('is cancelled with its parent, before that is cancelled', async () => {
    const waiting = define({ start: manual, s: signal({ name: 'never' }) }, ['start -> s'])
    const engine = engineWith({ workflows: { parent: parent(), child: waiting } })
    const { executionId } = await engine.start('parent')
    await engine.until(executionId, () =>
      engine.log.events.some(
        ({ type, data }) => type === 'ExecutionStarted' && (data as JsonObject).parent !== undefined,
      ),
    )
    await engine.commands.cancel(engine.context(), { executionId, reason: 'enough' })
    const state = await engine.end(executionId)
    expect(state.outcome).toBe('cancelled')
    const ends = engine.log.events.filter(({ type }) => type === 'ExecutionCancelled').map(({ stream }) => stream)
    expect(ends).toHaveLength(2)
    expect(ends[1]).toBe(`execution-${executionId}`)
  })
})

describe('a map', () => {
  const over = (config: JsonObject) =>
    define(
      {
        start: manual,
        each: { type: 'map', config: { items: '{{ input.items }}', workflowId: idOf('child'), ...config } },
      },
      ['start -> each'],
    )

  it('runs a child per item, no more at once than allowed, and keeps the order of the items', async () => {
    let now = 0
    let most = 0
    const nodeTypes = withEffect(async ({ input }) => {
      now += 1
      most = Math.max(most, now)
      await new Promise((resolve) => setTimeout(resolve, 5 - Number(input)))
      now -= 1
      return Number(input) * 10
    })
    const child = define({ start: manual, e: effect() }, ['start -> e'])
    const engine = engineWith({ workflows: { parent: over({ maxConcurrency: 2 }), child }, nodeTypes })
    const state = await engine.run('parent', { items: [0, 1, 2, 3, 4] })
    expect(state.output).toEqual([0, 10, 20, 30, 40])
    expect(most).toBe(2)
  })

  it('of nothing is an empty list at once', async () => {
    const engine = engineWith({ workflows: { parent: over({}), child: transformChain(1) } })
    const state = await engine.start('parent', { items: [] })
    expect(state.output).toEqual([])
  })

  const picky = define(
    {
      start: manual,
      odd: { type: 'condition', config: { expression: 'input % 2 == 1' } },
      f: { type: 'fail', config: { code: 'odd', message: 'odd' } },
      fine: noop,
    },
    ['start -> odd', 'odd:true -> f', 'odd:false -> fine'],
  )

  it('tolerates as many failures as it says, which give null', async () => {
    const engine = engineWith({ workflows: { parent: over({ toleratedFailures: 2 }), child: picky } })
    const state = await engine.run('parent', { items: [0, 1, 2, 3, 4] })
    expect(state.output).toEqual([0, null, 2, null, 4])
  })

  it('fails with one failure more', async () => {
    const engine = engineWith({ workflows: { parent: over({ toleratedFailures: 1 }), child: picky } })
    const state = await engine.run('parent', { items: [0, 1, 2, 3, 4] })
    expect(state.error).toMatchObject({ class: 'child', code: 'map_failed', details: { items: 5 } })
  })

  it('goes on in a new process where the old one left off', async () => {
    const workflows = {
      parent: over({ maxConcurrency: 3 }),
      child: define({ start: manual, e: effect() }, ['start -> e']),
    }
    const started: unknown[] = []
    const first = engineWith({
      workflows,
      stopGraceMs: 5,
      nodeTypes: withEffect(async ({ input, signal: abort }) => {
        started.push(input)
        if (started.length > 4)
          await new Promise((_, reject) => abort.addEventListener('abort', () => reject(failing('stopped'))))
        return input
      }),
    })
    const { executionId } = await first.start('parent', { items: [1, 2, 3, 4, 5, 6, 7, 8] })
    await first.until(executionId, () => started.length > 4)
    await first.stop()
    const second = engineWith({ workflows, log: first.log, nodeTypes: withEffect(async ({ input }) => input) })
    const state = await second.end(executionId)
    expect(state.output).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    const children = second.log.events.filter(({ type }) => type === 'ExecutionStarted')
    expect(children).toHaveLength(9)
  })
})
