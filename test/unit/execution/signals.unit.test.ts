import { describe, expect, it } from 'vitest'
import { decidePause, decideResume } from '../../../src/domain/execution/decide/controls.js'
import { decideSignal } from '../../../src/domain/execution/decide/signals.js'
import { decideTimers } from '../../../src/domain/execution/decide/timers.js'
import type { JsonValue } from '../../../src/domain/json.js'
import { define, idOf, manual, type NodeSpec, noop } from '../../support/execution/definitions.js'
import { useEngines } from '../../support/execution/engines.js'
import { type PureRun, pureRun, typesOf } from '../../support/execution/pureRun.js'

const engineWith = useEngines()
const waits = (name: string, more = {}): NodeSpec => ({ type: 'signal', config: { name, ...more } })

let sent = 0
const send = (run: PureRun, name: string, payload: JsonValue, dedupeId: string | null = null) => {
  sent += 1
  return run
    .do((state, plan, env) =>
      decideSignal(state, plan, env, { signalId: idOf(`signal ${sent}`), name, payload, dedupeId }),
    )
    .flat()
}

describe('signals of one name', () => {
  it('are consumed once each, first in first out, by the nodes in the order in which they began to wait', () => {
    const run = pureRun(
      define({ start: manual, first: waits('go'), gate: waits('open'), second: waits('go'), third: waits('go') }, [
        'start -> first',
        'start -> gate',
        'gate -> second',
        'second -> third',
      ]),
    )
    run.now = '2026-01-01T00:00:01.000Z'
    send(run, 'open', null)
    send(run, 'go', 1)
    expect([run.node('first')?.output, run.status('second')]).toEqual([1, 'waiting'])
    send(run, 'go', 2)
    send(run, 'go', 3)
    expect(['second', 'third'].map((key) => run.node(key)?.output)).toEqual([2, 3])
    expect(run.state.outcome).toBe('completed')
  })

  it('that come during a pause are kept in their order, and given out when the run goes on', () => {
    const run = pureRun(
      define({ start: manual, first: waits('go'), second: waits('go') }, ['start -> first', 'first -> second']),
    )
    run.do((state, plan, env) => decidePause(state, plan, env))
    for (const payload of [1, 2]) expect(typesOf(send(run, 'go', payload))).toEqual(['SignalReceived'])
    run.do((state, plan, env) => decideResume(state, plan, env))
    expect(['first', 'second'].map((key) => run.node(key)?.output)).toEqual([1, 2])
  })
})

describe('a dedupe id', () => {
  it('counts once, also after its signal was consumed, and for all names together', () => {
    const run = pureRun(define({ start: manual, go: waits('go'), more: waits('more') }, ['start -> go', 'go -> more']))
    expect(typesOf(send(run, 'go', 1, 'once'))).toContain('SignalConsumed')
    expect(send(run, 'go', 2, 'once')).toEqual([])
    expect(send(run, 'more', 2, 'once')).toEqual([])
    expect(run.status('more')).toBe('waiting')
  })

  it('is no error after the run has ended, where it had come before; another signal is', async () => {
    const engine = engineWith({ workflows: { w: define({ start: manual, go: waits('go') }, ['start -> go']) } })
    const { executionId } = await engine.start('w')
    const signal = (dedupeId: string) =>
      engine.commands.signal(engine.context(), { executionId, name: 'go', payload: 1, dedupeId })
    expect((await signal('a')).state.outcome).toBe('completed')
    expect((await signal('a')).position).toBeUndefined()
    await expect(signal('b')).rejects.toMatchObject({ kind: 'conflict', code: 'execution_ended' })
  })
})

describe('a signal that comes', () => {
  it('at the very time of its end counts where it is first, and the end where that is', () => {
    const definition = define({ start: manual, s: waits('go', { timeoutSeconds: 1 }), late: noop, fine: noop }, [
      'start -> s',
      's -> fine',
      's:timeout -> late',
    ])
    const [signalled, timedOut] = [pureRun(definition), pureRun(definition)]
    const timeOut = (run: PureRun) =>
      run.do((state, plan, env) => decideTimers(state, plan, env, [`signalTimeout:${idOf('s')}:1`]))
    for (const run of [signalled, timedOut]) run.now = '2026-01-01T00:00:01.000Z'
    send(signalled, 'go', 1)
    timeOut(signalled)
    timeOut(timedOut)
    expect([signalled.status('fine'), signalled.status('late')]).toEqual(['completed', 'skipped'])
    expect([timedOut.status('fine'), timedOut.status('late')]).toEqual(['skipped', 'completed'])
  })

  it('with too much is refused, and nothing is written', async () => {
    const engine = engineWith({ workflows: { w: define({ start: manual, go: waits('go') }, ['start -> go']) } })
    const { executionId } = await engine.start('w')
    const before = engine.log.events.length
    const payload = 'x'.repeat(300_000)
    await expect(engine.commands.signal(engine.context(), { executionId, name: 'go', payload })).rejects.toMatchObject({
      kind: 'tooLarge',
      code: 'payload_too_large',
    })
    expect(engine.log.events).toHaveLength(before)
  })

  it('in time, or not, by the policy of its node: the end that comes first', () => {
    const policy = { timeoutMs: 500 }
    const run = pureRun(
      define({ start: manual, s: { ...waits('go', { timeoutSeconds: 60 }), policy } }, ['start -> s']),
    )
    run.now = '2026-01-01T00:00:00.500Z'
    run.do((state, plan, env) => decideTimers(state, plan, env, [`nodeTimeout:${idOf('s')}:1`]))
    expect(run.state.error).toMatchObject({ class: 'timeout', code: 'node_timeout' })
  })
})

describe('a signal that no node can wait for', () => {
  it.each(['', 'two words', 'a/b', 'grün', 'a'.repeat(129)])('is refused, with what its name may be: %j', (name) => {
    const run = pureRun(define({ start: manual, s: waits('go') }, ['start -> s']))
    expect(() => send(run, name, 1)).toThrow(
      expect.objectContaining({
        kind: 'invalid',
        code: 'invalid_signal_name',
        errors: [expect.objectContaining({ pointer: '/name' })],
      }),
    )
  })
})
