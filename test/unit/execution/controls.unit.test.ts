import { describe, expect, it } from 'vitest'
import type { Settings } from '../../../src/domain/definition.js'
import { FlowledgerError } from '../../../src/domain/errors.js'
import { decideInDoubt, decideOutcome } from '../../../src/domain/execution/decide/attempts.js'
import { hangingWorkflow, nothingToConsume, noWork } from '../../support/execution/abortedAttempt.js'
import { define, idOf, manual, type NodeSpec, noop, transform } from '../../support/execution/definitions.js'
import { effect, eventTypes, failing, useEngines, withEffect } from '../../support/execution/engines.js'
import { openWorkOfLog } from '../../support/execution/openWorkOfLog.js'
import { pureRun, typesOf } from '../../support/execution/pureRun.js'
import { stepOf } from '../../support/execution/runEngine.js'

const engineWith = useEngines()
const one = (policy: NodeSpec['policy'] = {}, settings: Settings = {}) =>
  define({ start: manual, a: effect({}, policy), b: noop }, ['start -> a', 'a -> b'], settings)

/** An effect that ends when it is told to. */
const gated = () => {
  const waiting: (() => void)[] = []
  let open = false
  return {
    count: () => waiting.length,
    release: () => {
      open = true
      for (const go of waiting) go()
    },
    nodeTypes: withEffect(({ signal }) =>
      open
        ? Promise.resolve('done')
        : new Promise((resolve, reject) => {
            waiting.push(() => resolve('done'))
            signal.addEventListener('abort', () => reject(failing('aborted')))
          }),
    ),
  }
}

describe('cancel', () => {
  it('aborts what is in flight, discards its result, and ends the run', async () => {
    const gate = gated()
    const engine = engineWith({ workflows: { w: one() }, nodeTypes: gate.nodeTypes })
    const { executionId } = await engine.start('w')
    await engine.commands.cancel(engine.context(), { executionId, reason: 'enough' })
    const state = await engine.end(executionId)
    expect(state.outcome).toBe('cancelled')
    expect(stepOf(state, 'a')?.status).toBe('cancelled')
    expect(eventTypes(engine, executionId).slice(-3)).toEqual([
      'ExecutionCancelRequested',
      'NodeResultDiscarded',
      'ExecutionCancelled',
    ])
  })

  it('of a cancelled run changes nothing, of a completed one is refused', async () => {
    const engine = engineWith({
      workflows: { w: one(), p: define({ start: manual, n: noop }, ['start -> n']) },
      nodeTypes: gated().nodeTypes,
    })
    const { executionId } = await engine.start('w')
    await engine.commands.cancel(engine.context(), { executionId })
    await engine.end(executionId)
    const again = await engine.commands.cancel(engine.context(), { executionId })
    expect(again.position).toBeUndefined()
    const done = await engine.start('p')
    await expect(engine.commands.cancel(engine.context(), { executionId: done.executionId })).rejects.toMatchObject({
      code: 'execution_ended',
      message: 'The run has ended: it was completed.',
    })
  })
})

describe('pause', () => {
  it('starts nothing new until the run is resumed', async () => {
    const gate = gated()
    const definition = define({ start: manual, a: effect(), b: effect() }, ['start -> a', 'a -> b'])
    const engine = engineWith({ workflows: { w: definition }, nodeTypes: gate.nodeTypes })
    const { executionId } = await engine.start('w')
    await engine.commands.pause(engine.context(), { executionId })
    gate.release()
    const paused = await engine.until(executionId, (state) => stepOf(state, 'a')?.status === 'completed')
    expect(stepOf(paused, 'b')).toBeUndefined()
    await engine.commands.resume(engine.context(), { executionId })
    expect((await engine.end(executionId)).outcome).toBe('completed')
  })

  it('keeps signals, and lets timers count but not act', async () => {
    const definition = define(
      { start: manual, d: { type: 'delay', config: { seconds: 0.01 } }, s: { type: 'signal', config: { name: 'go' } } },
      ['start -> d', 'start -> s'],
    )
    const engine = engineWith({ workflows: { w: definition } })
    const { executionId } = await engine.start('w')
    await engine.commands.pause(engine.context(), { executionId })
    await engine.commands.signal(engine.context(), { executionId, name: 'go', payload: 1 })
    await new Promise((resolve) => setTimeout(resolve, 40))
    const { state: paused } = await engine.commands.load(executionId)
    expect([stepOf(paused, 'd')?.status, stepOf(paused, 's')?.status]).toEqual(['waiting', 'waiting'])
    await engine.commands.resume(engine.context(), { executionId })
    expect((await engine.end(executionId)).outcome).toBe('completed')
  })
})

describe('retry of a failed run', () => {
  it('tries the failed nodes again and keeps what is decided', async () => {
    let broken = true
    const seen: string[] = []
    const nodeTypes = withEffect(async ({ nodeKey }) => {
      seen.push(nodeKey)
      if (nodeKey === 'b' && broken) throw failing('broken')
      return nodeKey
    })
    const definition = define({ start: manual, a: effect(), b: effect(), c: effect() }, [
      'start -> a',
      'a -> b',
      'b -> c',
    ])
    const engine = engineWith({ workflows: { w: definition }, nodeTypes })
    const failed = await engine.run('w')
    expect(failed.outcome).toBe('failed')
    broken = false
    await engine.commands.retry(engine.context(), { executionId: failed.executionId, reason: 'it is mended' })
    const state = await engine.end(failed.executionId)
    expect(state.output).toBe('c')
    expect(seen).toEqual(['a', 'b', 'b', 'c'])
  })

  it('is refused for a run that did not fail', async () => {
    const engine = engineWith({ workflows: { w: one() } })
    const { executionId } = await engine.run('w')
    await expect(engine.commands.retry(engine.context(), { executionId })).rejects.toMatchObject({
      code: 'execution_not_failed',
    })
  })
})

describe('a held step', () => {
  const held = async (policy: NodeSpec['policy'] = { onError: 'hold' }) => {
    let broken = true
    const nodeTypes = withEffect(async () => {
      if (broken) throw failing('broken')
      return 'mended'
    })
    const engine = engineWith({ workflows: { w: one(policy) }, nodeTypes })
    const { executionId } = await engine.start('w')
    await engine.until(executionId, (state) => stepOf(state, 'a')?.status === 'held')
    return {
      engine,
      executionId,
      mend: () => {
        broken = false
      },
      resolve: (action: 'retry' | 'complete' | 'skip' | 'fail', output?: string) =>
        engine.commands.resolveStep(engine.context(), {
          executionId,
          nodeId: idOf('a'),
          action,
          reason: 'because',
          ...(output === undefined ? {} : { output }),
        }),
    }
  }

  it('can be tried again', async () => {
    const { engine, executionId, mend, resolve } = await held()
    mend()
    await resolve('retry')
    const state = await engine.end(executionId)
    expect(state.output).toBe('mended')
    expect(stepOf(state, 'a')?.resolutions).toMatchObject([
      { action: 'retry', reason: 'because', actor: { id: 'test' } },
    ])
  })

  it('can be completed with an output', async () => {
    const { resolve } = await held()
    const { state } = await resolve('complete', 'by hand')
    expect(state.output).toBe('by hand')
  })

  it('can be skipped, and what follows it is skipped too', async () => {
    const { resolve } = await held()
    const { state } = await resolve('skip')
    expect(state.outcome).toBe('completed')
    expect(stepOf(state, 'b')?.status).toBe('skipped')
  })

  it('can be failed', async () => {
    const { resolve } = await held()
    const { state } = await resolve('fail')
    expect(state.outcome).toBe('failed')
    expect(state.error).toMatchObject({ code: 'broken' })
  })

  it('is the only kind that can be resolved', async () => {
    const engine = engineWith({ workflows: { w: one() } })
    const gate = gated()
    const other = engineWith({ workflows: { w: one() }, nodeTypes: gate.nodeTypes })
    const { executionId } = await other.start('w')
    const resolve = (nodeId: string) =>
      other.commands.resolveStep(other.context(), { executionId, nodeId, action: 'skip', reason: 'r' })
    await expect(resolve(idOf('a'))).rejects.toMatchObject({ code: 'step_not_resolvable' })
    await expect(resolve(idOf('nowhere'))).rejects.toMatchObject({ code: 'step_not_found' })
    await expect(engine.commands.load(idOf('no run'))).rejects.toMatchObject({ code: 'execution_not_found' })
    gate.release()
  })
})

describe('an attempt in doubt', () => {
  it('is held after three crashes in a row', async () => {
    const gate = gated()
    const engine = engineWith({ workflows: { w: one() }, nodeTypes: gate.nodeTypes })
    const { executionId } = await engine.start('w')
    for (const attempt of [1, 2, 3]) {
      await engine.runs.change(executionId, engine.context(), (state, plan, env) =>
        decideInDoubt(state, plan, env, { nodeId: idOf('a'), attempt }, 'a test says so'),
      )
    }
    const { state } = await engine.commands.load(executionId)
    expect(stepOf(state, 'a')?.status).toBe('inDoubt')
    expect(stepOf(state, 'a')?.attempts).toBe(3)
  })

  it('is one of an earlier process at once, however long its lease, where there is one executor', async () => {
    const first = engineWith({
      workflows: { w: hangingWorkflow() },
      stopGraceMs: 5,
      nodeTypes: withEffect(
        ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(failing('aborted')))),
      ),
    })
    const { executionId } = await first.start('w')
    const { attemptsOfOthers } = openWorkOfLog(() => first.log.events)
    const second = engineWith({
      workflows: { w: hangingWorkflow() },
      log: first.log,
      queue: nothingToConsume,
      openWork: { ...noWork, attemptsOfOthers },
      scanMs: 5,
      nodeTypes: withEffect(async () => 'taken over'),
    })
    const state = await second.end(executionId)
    expect([state.output, stepOf(state, 'a')?.attempts]).toEqual(['taken over', 2])
  })

  it('is settled by its own late result', async () => {
    const gate = gated()
    const engine = engineWith({ workflows: { w: one({ inDoubt: 'hold' }) }, nodeTypes: gate.nodeTypes })
    const { executionId } = await engine.start('w')
    await engine.runs.change(executionId, engine.context(), (state, plan, env) =>
      decideInDoubt(state, plan, env, { nodeId: idOf('a'), attempt: 1 }, 'a test says so'),
    )
    gate.release()
    expect((await engine.end(executionId)).output).toBe('done')
  })
})

describe('a result that comes too late', () => {
  it('is discarded when another attempt has taken over', () => {
    const run = pureRun(one(), { slots: 1 })
    const outcome = (attempt: number, output: string) =>
      run.do((state, plan, env) =>
        decideOutcome(state, plan, env, { nodeId: idOf('a'), attempt }, { kind: 'completed', output, ports: ['out'] }),
      )
    run.do((state, plan, env) => decideInDoubt(state, plan, env, { nodeId: idOf('a'), attempt: 1 }, 'a test says so'))
    expect(run.node('a')).toMatchObject({ status: 'running', attempts: 2 })
    expect(typesOf(outcome(1, 'late').flat())).toEqual(['NodeResultDiscarded'])
    expect(run.status('a')).toBe('running')
    outcome(2, 'in time')
    expect(run.state.output).toBe('in time')
    expect(outcome(2, 'again').flat()).toEqual([])
  })
})

describe('the timeout of a run', () => {
  it('aborts what is in flight and ends it', async () => {
    const engine = engineWith({ workflows: { w: one({}, { timeoutMs: 20 }) }, nodeTypes: gated().nodeTypes })
    const state = await engine.run('w')
    expect(state.outcome).toBe('timedOut')
    expect(state.error).toMatchObject({ code: 'run_timeout' })
  })
})

describe('a concurrency limit', () => {
  const limited = (whenFull: 'queue' | 'reject') => one({}, { concurrency: { limit: 1, whenFull } })

  it('queues runs and lets them go in their order', async () => {
    const order: string[] = []
    let active = 0
    const nodeTypes = withEffect(async ({ input }) => {
      active += 1
      expect(active).toBe(1)
      order.push(String(input))
      await new Promise((resolve) => setTimeout(resolve, 2))
      active -= 1
      return input
    })
    const engine = engineWith({ workflows: { w: limited('queue') }, nodeTypes })
    const runs = []
    for (const input of ['1', '2', '3']) runs.push(await engine.start('w', input))
    expect(runs.map(({ phase }) => phase)).toEqual(['active', 'queued', 'queued'])
    for (const { executionId } of runs) expect((await engine.end(executionId)).outcome).toBe('completed')
    expect(order).toEqual(['1', '2', '3'])
  })

  it('refuses runs where the settings say so, and takes them again when there is room', async () => {
    const gate = gated()
    const engine = engineWith({ workflows: { w: limited('reject') }, nodeTypes: gate.nodeTypes })
    const first = await engine.start('w')
    const message = 'A run of this workflow is active, and its settings allow no more.'
    await expect(engine.start('w')).rejects.toMatchObject({ kind: 'tooMany', code: 'concurrency_limit', message })
    gate.release()
    await engine.end(first.executionId)
    expect((await engine.run('w')).outcome).toBe('completed')
  })

  it('does not refuse a start that is repeated: it is answered as it was, whoever has the place now', async () => {
    const gate = gated()
    const engine = engineWith({ workflows: { w: limited('reject') }, nodeTypes: gate.nodeTypes })
    const context = { ...engine.context(), requestHash: 'a' }
    const start = () => engine.commands.start(context, { workflowId: idOf('w') })
    const first = await start()
    gate.release()
    await engine.end(first.executionId)
    const held = gated()
    const other = engineWith({ workflows: { w: limited('reject') }, nodeTypes: held.nodeTypes, log: engine.log })
    const second = await other.start('w')
    for (const { commands } of [engine, other]) {
      const again = await commands.start(context, { workflowId: idOf('w') })
      expect(again).toMatchObject({ executionId: first.executionId, revision: first.revision, replayed: true })
    }
    const changed = { ...context, requestHash: 'b' }
    await expect(other.commands.start(changed, { workflowId: idOf('w') })).rejects.toMatchObject({
      code: 'idempotency_key_reused',
    })
    await expect(other.start('w')).rejects.toMatchObject({ code: 'concurrency_limit' })
    held.release()
    await other.end(second.executionId)
  })
})

describe('too much load', () => {
  it('refuses starts from outside, and lets what has begun go on, its child runs too', async () => {
    const overloaded = new FlowledgerError('unavailable', 'overloaded', 'too much', [], { retryAfterSeconds: 2 })
    let isFull = false
    const engine = engineWith({
      workflows: {
        w: define(
          {
            start: manual,
            go: { type: 'signal', config: { name: 'go' } },
            sub: { type: 'subworkflow', config: { workflowId: idOf('child') } },
          },
          ['start -> go', 'go -> sub'],
        ),
        child: define({ start: manual, n: noop }, ['start -> n']),
      },
      admit: () => {
        if (isFull) throw overloaded
      },
    })
    const { executionId } = await engine.start('w')
    isFull = true
    await expect(engine.start('w')).rejects.toBe(overloaded)
    await engine.commands.signal(engine.context(), { executionId, name: 'go', payload: 1 })
    expect((await engine.end(executionId)).output).toBe(1)
  })
})

describe('a start', () => {
  it('with the same command is the same run', async () => {
    const engine = engineWith({ workflows: { w: define({ start: manual, t: transform({ x: 1 }) }, ['start -> t']) } })
    const context = { ...engine.context(), requestHash: 'same' }
    const first = await engine.commands.start(context, { workflowId: idOf('w') })
    const second = await engine.commands.start(context, { workflowId: idOf('w') })
    expect(second).toMatchObject({ executionId: first.executionId, replayed: true, revision: first.revision })
  })

  it('is refused for what is not there', async () => {
    const engine = engineWith({
      workflows: { w: define({ start: manual, other: { type: 'trigger.manual' }, n: noop }, ['start -> n']) },
    })
    const start = (input: object) => engine.commands.start(engine.context(), { workflowId: idOf('w'), ...input })
    await expect(start({ workflowId: idOf('x') })).rejects.toMatchObject({ code: 'workflow_not_found' })
    await expect(start({ version: 7 })).rejects.toMatchObject({ code: 'version_not_found' })
    await expect(start({})).rejects.toMatchObject({ code: 'ambiguous_trigger' })
    await expect(start({ trigger: 'nope' })).rejects.toMatchObject({ code: 'trigger_not_found' })
    await expect(start({ trigger: 'start', input: 'x'.repeat(300_000) })).rejects.toMatchObject({
      code: 'input_too_large',
    })
    expect(engine.log.events).toEqual([])
  })
})
