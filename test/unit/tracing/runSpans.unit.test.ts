import { afterEach, describe, expect, it } from 'vitest'
import type { Definition } from '../../../src/domain/definition.js'
import type { JsonValue } from '../../../src/domain/json.js'
import { type Attempt, NodeFailure } from '../../../src/domain/nodes/behaviour.js'
import { formatTraceparent } from '../../../src/domain/trace.js'
import { runSpans } from '../../../src/tracing/runSpans.js'
import type { Span } from '../../../src/tracing/span.js'
import { define, idOf, manual, type NodeSpec, transform } from '../../support/execution/definitions.js'
import { createRunEngine, type RunEngine } from '../../support/execution/runEngine.js'
import { effectType, testNodeTypes } from '../../support/execution/testNodeTypes.js'

const caller = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), sampled: true }
const effect: NodeSpec = { type: 'test.effect' }

describe('the spans of runs', () => {
  let engine: RunEngine
  const spans: Span[] = []
  afterEach(() => engine.stop())

  const watch = (workflows: Record<string, Definition>, run?: (attempt: Attempt) => Promise<JsonValue>) => {
    spans.length = 0
    engine = createRunEngine({ workflows, nodeTypes: testNodeTypes(effectType(run)) })
    engine.hub.listen(({ state, events }) => spans.push(...runSpans(state, events)))
  }

  const run = async (workflow: string, traceparent?: string) => {
    const context = { ...engine.context(), ...(traceparent !== undefined && { traceparent }) }
    const { state } = await engine.commands.start(context, { workflowId: idOf(workflow), input: null })
    return engine.end(state.executionId)
  }

  const named = (name: string) => spans.filter((span) => span.name === name)
  const one = (name: string): Span => {
    const [span, ...more] = named(name)
    if (span === undefined || more.length > 0) throw new Error(`${name} is there ${named(name).length} times`)
    return span
  }

  it('belong to the trace of who started the run, with each node below the run', async () => {
    watch({
      main: define({ start: manual, first: transform({}), second: effect }, ['start -> first', 'first -> second']),
    })
    const { executionId } = await run('main', formatTraceparent(caller))
    expect(spans.map(({ name }) => name)).toEqual(['transform first', 'test.effect second', 'run'])
    expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([caller.traceId]))
    const whole = one('run')
    expect(whole.parentSpanId).toBe(caller.spanId)
    expect(whole.attributes).toMatchObject({
      'flowledger.execution.id': executionId,
      'flowledger.execution.outcome': 'completed',
      'flowledger.workflow.id': idOf('main'),
    })
    for (const name of ['transform first', 'test.effect second']) {
      const span = one(name)
      expect(span.parentSpanId).toBe(whole.spanId)
      expect(span.start).toBeGreaterThanOrEqual(whole.start)
      expect(span.end).toBeLessThanOrEqual(whole.end)
      expect(span.error).toBeUndefined()
    }
  })

  it('carry the trace into every event that follows, as the run`s own span', async () => {
    watch({ main: define({ start: manual, only: effect }, ['start -> only']) })
    await run('main', formatTraceparent(caller))
    const given = engine.log.events.map(({ metadata }) => (metadata as { traceparent?: string }).traceparent)
    const own = formatTraceparent({ ...caller, spanId: one('run').spanId })
    expect(given[0]).toBe(formatTraceparent(caller))
    // What the start itself leads to is written by the command that started the run.
    expect(new Set(given)).toEqual(new Set([formatTraceparent(caller), own]))
    expect(given.at(-1)).toBe(own)
  })

  it('are one for each attempt, with the reason of its failure', async () => {
    const policy = {
      retry: { maxAttempts: 2, initialMs: 1, factor: 1, maxMs: 1, jitter: 0 },
      onError: 'failRun' as const,
    }
    watch({ main: define({ start: manual, flaky: { ...effect, policy } }, ['start -> flaky']) }, async () => {
      throw new NodeFailure({ class: 'user', code: 'no_luck', message: 'not today' })
    })
    const { outcome } = await run('main', formatTraceparent(caller))
    expect(outcome).toBe('failed')
    const attempts = named('test.effect flaky')
    expect(attempts.map(({ attributes }) => attributes['flowledger.node.attempt'])).toEqual([1, 2])
    expect(attempts.map(({ error }) => error)).toEqual(['no_luck: not today', 'no_luck: not today'])
    expect(new Set(attempts.map(({ spanId }) => spanId)).size).toBe(2)
    expect(one('run').error).toContain('no_luck')
  })

  it.each([
    ['with the trace of a caller', formatTraceparent(caller)],
    ['without one', undefined],
  ])('put a child run below its parent, %s', async (_, traceparent) => {
    watch({
      main: define({ start: manual, sub: { type: 'subworkflow', config: { workflowId: idOf('child') } } }, [
        'start -> sub',
      ]),
      child: define({ start: manual, inner: transform({}) }, ['start -> inner']),
    })
    await run('main', traceparent)
    const [child, parent] = named('run')
    expect(child?.attributes['flowledger.workflow.id']).toBe(idOf('child'))
    expect(child?.parentSpanId).toBe(parent?.spanId)
    expect(parent?.parentSpanId).toBe(traceparent === undefined ? undefined : caller.spanId)
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1)
    expect(one('transform inner').parentSpanId).toBe(child?.spanId)
  })

  it('of a run that failed are sent again when it is retried and ends again', async () => {
    let attempts = 0
    watch({ main: define({ start: manual, only: effect }, ['start -> only']) }, async () => {
      attempts += 1
      if (attempts === 1) throw new NodeFailure({ class: 'user', code: 'no_luck', message: 'not today' })
      return null
    })
    const { executionId } = await run('main')
    await engine.commands.retry(engine.context(), { executionId })
    expect((await engine.end(executionId)).outcome).toBe('completed')
    const [failed, completed] = named('run')
    expect(completed?.spanId).toBe(failed?.spanId)
    expect([failed?.error, completed?.error]).toEqual(['no_luck: not today', undefined])
    expect(new Set(named('test.effect only').map(({ spanId }) => spanId)).size).toBe(2)
  })

  it('are none where the caller does not record its trace', async () => {
    watch({ main: define({ start: manual, only: effect }, ['start -> only']) })
    await run('main', formatTraceparent({ ...caller, sampled: false }))
    expect(spans).toEqual([])
  })
})
