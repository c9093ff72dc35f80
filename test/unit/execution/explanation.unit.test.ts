import { describe, expect, it } from 'vitest'
import { explainStep } from '../../../src/domain/execution/explanation.js'
import { condition, define, idOf, manual, noop } from '../../support/execution/definitions.js'
import { effect, failing, useEngines, withEffect } from '../../support/execution/engines.js'
import { type PureRun, pureRun } from '../../support/execution/pureRun.js'

const engineWith = useEngines()
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
    expect(explained.summary).toContain('big did not emit true (input.n > 10 was false)')
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
})
