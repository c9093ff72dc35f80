import { describe, expect, it } from 'vitest'
import type { Join } from '../../../src/domain/definition.js'
import { condition, define, idOf, manual, type NodeSpec, noop, transform } from '../../support/execution/definitions.js'
import { effect, useEngines, withEffect } from '../../support/execution/engines.js'
import { pureRun } from '../../support/execution/pureRun.js'
import { stepOf } from '../../support/execution/runEngine.js'

/** One test for each pattern that docs/workflow-patterns.md calls supported. */
const engineWith = useEngines()
const merge = (join: Join): NodeSpec => ({ type: 'merge', policy: { join } })
const completed = (run: ReturnType<typeof pureRun>, keys: readonly string[]) =>
  keys.filter((key) => run.status(key) === 'completed')
const three = { a: transform({ from: 'a' }), b: transform({ from: 'b' }), c: transform({ from: 'c' }) }

describe('control-flow pattern', () => {
  it('WCP-1 sequence: a node runs after the one before it', () => {
    const run = pureRun(
      define({ start: manual, a: transform({ n: 1 }), b: transform({ n: '{{ input.n + 1 }}' }) }, [
        'start -> a',
        'a -> b',
      ]),
    )
    expect(run.state.output).toEqual({ n: 2 })
  })

  it('WCP-2 parallel split: all branches run', () => {
    const run = pureRun(define({ start: manual, ...three }, ['start -> a', 'start -> b', 'start -> c']))
    expect(completed(run, ['a', 'b', 'c'])).toEqual(['a', 'b', 'c'])
  })

  it('WCP-3 synchronization: a node waits for all branches', async () => {
    const definition = define({ start: manual, a: transform({ from: 'a' }), slow: effect(), sync: merge('allTaken') }, [
      'start -> a',
      'start -> slow',
      'a -> sync',
      'slow -> sync',
    ])
    const engine = engineWith({ workflows: { w: definition }, nodeTypes: withEffect(async () => 'at last') })
    const begun = await engine.start('w')
    expect([stepOf(begun, 'a')?.status, stepOf(begun, 'sync')?.status]).toEqual(['completed', undefined])
    expect((await engine.end(begun.executionId)).output).toEqual({ a: { from: 'a' }, slow: 'at last' })
  })

  it('WCP-4 exclusive choice: one branch of several', () => {
    const run = pureRun(
      define({ start: manual, if: condition('input > 1'), a: noop, b: noop }, [
        'start -> if',
        'if:true -> a',
        'if:false -> b',
      ]),
      { input: 2 },
    )
    expect([run.status('a'), run.status('b')]).toEqual(['completed', 'skipped'])
  })

  it('WCP-5 simple merge: whichever branch came goes on', () => {
    const run = pureRun(
      define({ start: manual, if: condition('input > 1'), a: noop, b: noop, after: noop }, [
        'start -> if',
        'if:true -> a',
        'if:false -> b',
        'a -> after',
        'b -> after',
      ]),
      { input: 0 },
    )
    expect(run.node('after')?.inputFrom).toEqual([idOf('b')])
  })

  const several: NodeSpec = {
    type: 'switch',
    config: {
      mode: 'all',
      cases: [
        { id: 'x', when: 'input.x' },
        { id: 'y', when: 'input.y' },
        { id: 'z', when: 'input.z' },
      ],
    },
  }
  const choice = ['start -> pick', 'pick:x -> a', 'pick:y -> b', 'pick:z -> c']

  it('WCP-6 multi-choice: any number of branches', () => {
    const run = pureRun(define({ start: manual, pick: several, ...three }, choice), {
      input: { x: true, y: false, z: true },
    })
    expect(completed(run, ['a', 'b', 'c'])).toEqual(['a', 'c'])
  })

  it('WCP-7 structured synchronizing merge: waits for those branches that were chosen', () => {
    const run = pureRun(
      define({ start: manual, pick: several, ...three, sync: merge('all') }, [
        ...choice,
        'a -> sync',
        'b -> sync',
        'c -> sync',
      ]),
      { input: { x: true, y: false, z: true } },
    )
    expect(run.node('sync')?.output).toEqual({ a: { from: 'a' }, c: { from: 'c' } })
  })

  it('WCP-8 multi-merge, by composition: each branch runs the rest as a workflow of its own', async () => {
    const rest: NodeSpec = { type: 'subworkflow', config: { workflowId: idOf('rest') } }
    const engine = engineWith({
      workflows: {
        w: define({ start: manual, a: rest, b: rest }, ['start -> a', 'start -> b']),
        rest: define({ start: manual, t: transform({ done: true }) }, ['start -> t']),
      },
    })
    expect((await engine.run('w')).output).toEqual({ a: { done: true }, b: { done: true } })
  })

  it('WCP-9 structured discriminator: the first branch that comes goes on, once', async () => {
    const engine = engineWith({
      workflows: {
        w: define({ start: manual, fast: effect(), slow: effect(), first: merge('any') }, [
          'start -> fast',
          'start -> slow',
          'fast -> first',
          'slow -> first',
        ]),
      },
      nodeTypes: withEffect(async ({ nodeKey }) => {
        await new Promise((resolve) => setTimeout(resolve, nodeKey === 'slow' ? 15 : 1))
        return nodeKey
      }),
    })
    const state = await engine.run('w')
    expect(state.output).toBe('fast')
    expect(stepOf(state, 'slow')?.status).toBe('completed')
  })

  it('WCP-11 implicit termination: a run ends when nothing is left to do', () => {
    const run = pureRun(
      define({ start: manual, a: noop, if: condition('false'), b: noop }, [
        'start -> a',
        'start -> if',
        'if:true -> b',
      ]),
    )
    expect(run.state.outcome).toBe('completed')
  })

  const perItem = (items: string | number[]): NodeSpec => ({ type: 'map', config: { items, workflowId: idOf('item') } })
  const item = define({ start: manual, t: transform({ item: '{{ input }}' }) }, ['start -> t'])

  it('WCP-12 multiple instances without synchronization, by composition: a map on a branch that nothing waits for', async () => {
    const engine = engineWith({
      workflows: {
        w: define({ start: manual, each: perItem([1, 2]), after: effect() }, ['start -> each', 'start -> after']),
        item: define({ start: manual, s: { type: 'signal', config: { name: 'go' } } }, ['start -> s']),
      },
    })
    const { executionId } = await engine.start('w')
    const state = await engine.until(executionId, (now) => stepOf(now, 'after')?.status === 'completed')
    expect(stepOf(state, 'each')?.status).toBe('waiting')
  })

  it('WCP-13 multiple instances known at design time: a map over a written list', async () => {
    const engine = engineWith({
      workflows: { w: define({ start: manual, each: perItem([1, 2]) }, ['start -> each']), item },
    })
    expect((await engine.run('w')).output).toEqual([{ item: 1 }, { item: 2 }])
  })

  it('WCP-14 multiple instances known at run time: a map over what came in', async () => {
    const engine = engineWith({
      workflows: { w: define({ start: manual, each: perItem('{{ input }}') }, ['start -> each']), item },
    })
    expect((await engine.run('w', [7])).output).toEqual([{ item: 7 }])
  })

  it('WCP-16 deferred choice, by composition: whoever signals first chooses the branch', async () => {
    const engine = engineWith({
      workflows: {
        w: define(
          {
            start: manual,
            choose: { type: 'signal', config: { name: 'choice', timeoutSeconds: 3_600 } },
            which: condition('input == "left"'),
            left: noop,
            right: noop,
            late: noop,
          },
          [
            'start -> choose',
            'choose -> which',
            'which:true -> left',
            'which:false -> right',
            'choose:timeout -> late',
          ],
        ),
      },
    })
    const { executionId } = await engine.start('w')
    const { state } = await engine.commands.signal(engine.context(), { executionId, name: 'choice', payload: 'right' })
    expect(['left', 'right', 'late'].map((key) => stepOf(state, key)?.status)).toEqual([
      'skipped',
      'completed',
      'skipped',
    ])
  })

  it('WCP-19 cancel task, by composition: the run of a sub-workflow is cancelled, and its parent goes on', async () => {
    const engine = engineWith({
      workflows: {
        w: define(
          {
            start: manual,
            task: { type: 'subworkflow', config: { workflowId: idOf('item') } },
            after: transform({ why: '{{ input.code }}' }),
          },
          ['start -> task', 'task:error -> after'],
        ),
        item: define({ start: manual, s: { type: 'signal', config: { name: 'never' } } }, ['start -> s']),
      },
    })
    const { executionId } = await engine.start('w')
    const childOf = () =>
      engine.log.events.find(({ type, data }) => type === 'ExecutionStarted' && 'parent' in (data as object))
    await engine.until(executionId, () => childOf() !== undefined)
    const child = childOf()?.data as { executionId: string }
    await engine.commands.cancel(engine.context(), { executionId: child.executionId })
    expect((await engine.end(executionId)).output).toEqual({ why: 'subworkflow_cancelled' })
  })

  it('WCP-20 cancel case: the whole run', async () => {
    const engine = engineWith({
      workflows: { w: define({ start: manual, s: { type: 'signal', config: { name: 'never' } } }, ['start -> s']) },
    })
    const { executionId } = await engine.start('w')
    const { state } = await engine.commands.cancel(engine.context(), { executionId })
    expect(state.outcome).toBe('cancelled')
  })
})
