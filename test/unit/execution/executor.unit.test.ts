import { describe, expect, it } from 'vitest'
import {
  define,
  idOf,
  manual,
  type NodeSpec,
  noop,
  transform,
  transformChain,
} from '../../support/execution/definitions.js'
import { appendsOf, effect, eventTypes, failing, useEngines, withEffect } from '../../support/execution/engines.js'
import { createRunEngine, directEvaluator, type RunEngineOptions, stepOf } from '../../support/execution/runEngine.js'
import { effectType, testNodeTypes } from '../../support/execution/testNodeTypes.js'

const engineWith = useEngines()

describe('a run', () => {
  it('of pure nodes has ended when its start is answered', async () => {
    const engine = engineWith({ workflows: { chain: transformChain(5) } })
    const state = await engine.start('chain', { n: 1 })
    expect(state.outcome).toBe('completed')
    expect(state.output).toEqual({ n: 6 })
    expect(appendsOf(engine, state.executionId)).toBe(1)
  })

  it('of pure nodes goes to an executor where its data are too much to decide it at once', async () => {
    const engine = engineWith({
      workflows: { w: define({ start: manual, t: transform('{{ input.map(x, x + 1) }}') }, ['start -> t']) },
    })
    const state = await engine.run(
      'w',
      Array.from({ length: 60_000 }, (_, n) => n % 10),
    )
    // The test's evaluator knows no larger budget, so the attempt fails by its own code; what counts is that it was made.
    expect(stepOf(state, 't')).toMatchObject({ status: 'failed', attempts: 1, error: { code: 'expression_limit' } })
  })

  it('of k side effects costs k + 1 appends', async () => {
    const keys = ['a', 'b', 'c', 'd', 'e']
    const definition = define(
      { start: manual, ...Object.fromEntries(keys.map((key) => [key, effect()])) },
      keys.map((key, index) => `${keys[index - 1] ?? 'start'} -> ${key}`),
    )
    const engine = engineWith({ workflows: { chain: definition } })
    const state = await engine.run('chain', { n: 1 })
    expect(state.output).toEqual({ n: 1 })
    expect(appendsOf(engine, state.executionId)).toBe(6)
  })

  it('carries out more branches than there are slots', async () => {
    const keys = Array.from({ length: 30 }, (_, index) => `b${index}`)
    const definition = define(
      { start: manual, ...Object.fromEntries(keys.map((key) => [key, effect()])), join: { type: 'merge' } },
      [...keys.map((key) => `start -> ${key}`), ...keys.map((key) => `${key} -> join`)],
    )
    let now = 0
    let most = 0
    const nodeTypes = withEffect(async () => {
      now += 1
      most = Math.max(most, now)
      await new Promise((resolve) => setTimeout(resolve, 2))
      now -= 1
      return now
    })
    const engine = engineWith({ workflows: { fan: definition }, nodeTypes, concurrency: 3 })
    const state = await engine.run('fan')
    expect(state.outcome).toBe('completed')
    expect(most).toBeLessThanOrEqual(3)
    expect(most).toBeGreaterThan(1)
  })
})

describe('a failing attempt', () => {
  const chain = (policy: NodeSpec['policy']) =>
    define({ start: manual, a: effect({}, policy), b: noop }, ['start -> a', 'a -> b'])
  const retry = { maxAttempts: 3, initialMs: 5, factor: 2, maxMs: 20, jitter: 0 }

  it('is tried again, and the run goes on when it succeeds', async () => {
    const keys: string[] = []
    const nodeTypes = withEffect(async ({ attempt, idempotencyKey }) => {
      keys.push(idempotencyKey)
      if (attempt < 3) throw failing('unlucky')
      return 'done'
    })
    const engine = engineWith({ workflows: { w: chain({ retry }) }, nodeTypes })
    const state = await engine.run('w')
    expect(state.output).toBe('done')
    expect(stepOf(state, 'a')?.history.map(({ outcome }) => outcome)).toEqual(['failed', 'failed', 'completed'])
    expect(new Set(keys)).toEqual(new Set([`${state.executionId}:${idOf('a')}:0`]))
    expect(eventTypes(engine, state.executionId)).toContain('TimerFired')
  })

  it('is not tried again where its code is excepted', async () => {
    const nodeTypes = withEffect(async () => {
      throw failing('hopeless')
    })
    const engine = engineWith({
      workflows: { w: chain({ retry: { ...retry, doNotRetryOn: ['hopeless'] } }) },
      nodeTypes,
    })
    const state = await engine.run('w')
    expect(state.outcome).toBe('failed')
    expect(state.error).toMatchObject({ code: 'hopeless' })
    expect(stepOf(state, 'a')?.attempts).toBe(1)
  })

  it('goes by the error port where that is connected', async () => {
    const nodeTypes = withEffect(async () => {
      throw failing('broken')
    })
    const definition = define({ start: manual, a: effect(), b: noop, rescue: transform({ was: '{{ input.code }}' }) }, [
      'start -> a',
      'a -> b',
      'a:error -> rescue',
    ])
    const engine = engineWith({ workflows: { w: definition }, nodeTypes })
    const state = await engine.run('w')
    expect(state.outcome).toBe('completed')
    expect(state.output).toEqual({ was: 'broken' })
    expect(stepOf(state, 'b')?.deadEdges).toMatchObject([{ reason: 'sourceFailed' }])
  })

  it('goes on with null where the policy says so', async () => {
    const nodeTypes = withEffect(async () => {
      throw failing('broken')
    })
    const engine = engineWith({ workflows: { w: chain({ onError: 'continue' }) }, nodeTypes })
    const state = await engine.run('w')
    expect(state.outcome).toBe('completed')
    expect(state.output).toBeNull()
  })

  it('fails at its timeout, even when it does not listen to its signal', async () => {
    const nodeTypes = withEffect(() => new Promise(() => undefined))
    const engine = engineWith({ workflows: { w: chain({ timeoutMs: 20 }) }, nodeTypes })
    const state = await engine.run('w')
    expect(state.error).toMatchObject({ class: 'timeout', code: 'attempt_timeout' })
  })

  it('fails with a code where its output is too large for the log', async () => {
    const nodeTypes = withEffect(async () => 'x'.repeat(300_000))
    const engine = engineWith({ workflows: { w: chain({}) }, nodeTypes })
    const state = await engine.run('w')
    expect(state.error).toMatchObject({ code: 'output_too_large' })
  })

  it('lets other branches in flight end before the run fails', async () => {
    const nodeTypes = withEffect(async ({ nodeKey }) => {
      if (nodeKey === 'a') throw failing('broken')
      await new Promise((resolve) => setTimeout(resolve, 20))
      return 'kept'
    })
    const definition = define({ start: manual, a: effect(), b: effect() }, ['start -> a', 'start -> b'])
    const engine = engineWith({ workflows: { w: definition }, nodeTypes })
    const state = await engine.run('w')
    expect(state.outcome).toBe('failed')
    expect(stepOf(state, 'b')).toMatchObject({ status: 'completed', output: 'kept' })
  })
})

describe('the timeout of an attempt', () => {
  it('does not count the wait for a thread', async () => {
    const evaluator: RunEngineOptions['evaluator'] = {
      ...directEvaluator,
      decide: async (type, config, scope, caller) => {
        const begun = caller?.turn?.wait()
        await new Promise((resolve) => setTimeout(resolve, 250))
        begun?.()
        return directEvaluator.decide(type, config, scope)
      },
    }
    const costly: NodeSpec = {
      type: 'transform',
      config: { output: '{{ input.map(x, input.map(y, x + y)) }}' },
      policy: { timeoutMs: 100 },
    }
    const engine = engineWith({ workflows: { w: define({ start: manual, costly }, ['start -> costly']) }, evaluator })
    const state = await engine.run('w', [1])
    expect(state.output).toEqual([[2]])
    expect(stepOf(state, 'costly')?.attempts).toBe(1)
  })
})

describe('a secret', () => {
  it('is resolved inside the attempt and redacted from what is recorded', async () => {
    const seen: unknown[] = []
    const type = {
      ...effectType(async ({ config }) => {
        seen.push(config.token)
        return { echo: `Bearer ${String(config.token)}` }
      }),
      secretFields: ['token'],
    }
    const definition = define({ start: manual, a: effect({ token: '{{ secrets.TOKEN }}' }) }, ['start -> a'])
    const engine = engineWith({
      workflows: { w: definition },
      nodeTypes: testNodeTypes(type),
      secrets: { TOKEN: 'canary-51f2' },
    })
    const state = await engine.run('w')
    expect(seen).toEqual(['canary-51f2'])
    expect(state.output).toEqual({ echo: 'Bearer [redacted]' })
    expect(JSON.stringify(engine.log.events.map(({ data, metadata }) => [data, metadata]))).not.toContain('canary-51f2')
  })
})

describe('a graceful stop', () => {
  it('gives up an attempt that does not end in time, and another executor takes it over', async () => {
    let stuck = true
    const nodeTypes = withEffect(({ signal }) =>
      stuck
        ? new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))))
        : Promise.resolve('second'),
    )
    const workflows = { w: define({ start: manual, a: effect() }, ['start -> a']) }
    const first = createRunEngine({ workflows, nodeTypes, stopGraceMs: 10 })
    const { executionId } = await first.start('w')
    await first.stop()
    stuck = false
    const second = engineWith({ workflows, nodeTypes, log: first.log })
    const state = await second.end(executionId)
    expect(state.output).toBe('second')
    expect(eventTypes(second, executionId)).toContain('NodeInDoubt')
  })
})
