import { describe, expect, it } from 'vitest'
import type { Policy } from '../../../src/domain/definition.js'
import { decideInDoubt } from '../../../src/domain/execution/decide/attempts.js'
import { decideCancel, decidePause, decideResume } from '../../../src/domain/execution/decide/controls.js'
import { decideResolution, type StepResolution } from '../../../src/domain/execution/decide/resolveStep.js'
import { condition, define, idOf, manual, noop, transform } from '../../support/execution/definitions.js'
import { effect } from '../../support/execution/engines.js'
import { type PureRun, pureRun, typesOf } from '../../support/execution/pureRun.js'

const resolve = (run: PureRun, action: StepResolution['action'], output?: StepResolution['output'], key = 'a') =>
  run
    .do((state, plan, env) =>
      decideResolution(state, plan, env, {
        nodeId: idOf(key),
        action,
        reason: 'asked',
        ...(output === undefined ? {} : { output }),
      }),
    )
    .flat()

/** `start -> a -> b`, with `a` in doubt. */
const inDoubt = (policy: Policy = {}, edges: readonly string[] = []) => {
  const run = pureRun(
    define({ start: manual, a: effect({}, { inDoubt: 'hold', ...policy }), b: noop, rescue: noop }, [
      'start -> a',
      'a -> b',
      ...edges,
    ]),
    { slots: 1 },
  )
  run.do((state, plan, env) => decideInDoubt(state, plan, env, { nodeId: idOf('a'), attempt: 1 }, 'it died'))
  expect(run.status('a')).toBe('inDoubt')
  return run
}

describe('a step in doubt that an operator fails', () => {
  it.each<[string, Policy, readonly string[], string, string, string]>([
    ['its error port', {}, ['a:error -> rescue'], 'completed', 'skipped', 'completed'],
    ['null', { onError: 'continue' }, [], 'completed', 'completed', 'skipped'],
    ['the end of the run', { onError: 'failRun' }, [], 'failed', 'untouched', 'skipped'],
    ['the end of the run, not to another hold', { onError: 'hold' }, [], 'failed', 'untouched', 'skipped'],
  ])('leads to %s', (_, policy, edges, outcome, after, rescue) => {
    const run = inDoubt(policy, edges)
    resolve(run, 'fail')
    expect([run.state.outcome, run.status('b'), run.status('rescue')]).toEqual([outcome, after, rescue])
    expect(run.node('a')?.error).toMatchObject({ class: 'operator', code: 'failed_by_operator', message: 'asked' })
  })
})

describe('a held step that an operator completes', () => {
  const heldCondition = () => {
    const run = pureRun(
      define(
        { start: manual, a: { ...condition('input.missing'), policy: { onError: 'hold' } }, yes: noop, no: noop },
        ['start -> a', 'a:true -> yes', 'a:false -> no'],
      ),
      { input: {} },
    )
    expect(run.status('a')).toBe('held')
    return run
  }

  it.each(['neither', null, undefined])('of a condition is refused where its output %j names no port', (output) => {
    const run = heldCondition()
    expect(() => resolve(run, 'complete', output)).toThrow(
      expect.objectContaining({
        code: 'port_not_named',
        errors: [
          {
            pointer: '/output',
            code: 'port_not_named',
            detail: 'The output must name the port by which the run goes on: true, false.',
          },
        ],
      }),
    )
    expect(run.status('a')).toBe('held')
  })

  it('has null as its output where none is given', () => {
    const run = inDoubt()
    resolve(run, 'complete')
    expect(run.state.output).toBeNull()
  })

  it.each([
    [true, 'yes'],
    [false, 'no'],
    ['false', 'no'],
  ])('of a condition emits the port that its output %j names', (output, taken) => {
    const run = heldCondition()
    resolve(run, 'complete', output)
    expect(['yes', 'no'].filter((key) => run.status(key) === 'completed')).toEqual([taken])
  })

  it('lets nothing follow while the run is paused', () => {
    const run = inDoubt()
    run.do((state, plan, env) => decidePause(state, plan, env))
    resolve(run, 'complete', 1)
    expect([run.status('a'), run.status('b')]).toEqual(['completed', 'untouched'])
    run.do((state, plan, env) => decideResume(state, plan, env))
    expect(run.state.output).toBe(1)
  })
})

describe('a held step that an operator tries again', () => {
  it('may be held again, and tells every decision with its reason', () => {
    const held = { ...transform('{{ input.missing }}'), policy: { onError: 'hold' as const } }
    const run = pureRun(define({ start: manual, a: held }, ['start -> a']), { input: {} })
    for (const _ of [1, 2]) expect(typesOf(resolve(run, 'retry'))).toEqual(['NodeResolved', 'NodeFailed'])
    expect(run.node('a')).toMatchObject({ status: 'held', resolutions: [{ action: 'retry', reason: 'asked' }, {}] })
  })

  it('has all tries of its policy, and three crashes, before it again', () => {
    const run = inDoubt()
    resolve(run, 'retry')
    expect(run.node('a')).toMatchObject({ status: 'running', attempts: 2, tries: 1, crashes: 0 })
  })
})

describe('a resolution', () => {
  it('is refused where the run has ended, or is about to', () => {
    const ended = inDoubt()
    resolve(ended, 'skip')
    expect(() => resolve(ended, 'retry')).toThrow(expect.objectContaining({ code: 'execution_ended' }))
    const running = pureRun(
      define({ start: manual, a: effect({}, { inDoubt: 'hold' }), busy: effect() }, ['start -> a', 'start -> busy']),
      { slots: 2 },
    )
    running.do((state, plan, env) => decideInDoubt(state, plan, env, { nodeId: idOf('a'), attempt: 1 }, 'it died'))
    running.do((state, plan, env) => decideCancel(state, plan, env))
    expect(() => resolve(running, 'retry')).toThrow(expect.objectContaining({ code: 'execution_ending' }))
  })
})
