import { readdir, readFile } from 'node:fs/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { createCelEngine } from '../../../src/execution/expressions/celEngine.js'
import { createNodeEvaluator } from '../../../src/execution/expressions/nodeEvaluator.js'
import { condition } from '../../../src/execution/nodeTypes/condition.js'
import { map } from '../../../src/execution/nodeTypes/map.js'
import { transform } from '../../../src/execution/nodeTypes/transform.js'
import { recordedTurn } from '../../support/execution/recordedTurn.js'
import { scopeOf } from './testScope.js'

const evaluator = createNodeEvaluator({ engine: createCelEngine(), threads: 1 })
afterAll(() => evaluator.close())

const list = Array.from({ length: 3_000 }, (_, index) => index)
const scope = scopeOf({ list, text: 'a'.repeat(1_000) })

describe('expressions in a thread', () => {
  it('have a larger budget than inline ones', async () => {
    const source = 'input.list.map(x, input.list.exists(y, y == x)).all(z, z)'
    await expect(evaluator.evaluateInWorker(source, scope, 20_000)).resolves.toBe(true)
  })

  it('are ended at their time, and the next one finds a fresh thread', async () => {
    const source = 'input.list.map(x, input.list.map(y, toJson(y))).size()'
    await expect(evaluator.evaluateInWorker(source, scope, 20)).rejects.toMatchObject({ code: 'expression_timeout' })
    await expect(evaluator.evaluateInWorker('1 + 1', scope, 10_000)).resolves.toBe(2)
  })

  it('leave the event loop free meanwhile', async () => {
    let ticks = 0
    const timer = setInterval(() => ticks++, 5)
    await evaluator
      .evaluateInWorker('input.list.map(x, input.list.map(y, toJson(y))).size()', scope, 400)
      .catch((error: unknown) =>
        expect(error).toMatchObject({ code: expect.stringMatching(/expression_(timeout|limit)/) }),
      )
    clearInterval(timer)
    expect(ticks).toBeGreaterThan(5)
  })

  it.runIf(process.platform === 'linux')('leave the cores to whoever else wants them', async () => {
    await evaluator.evaluateInWorker('1 + 1', scope, 10_000)
    const niceOf = async (thread: string): Promise<number> => {
      const stat = await readFile(`/proc/self/task/${thread}/stat`, 'utf8')
      // Field 19, counted behind the name in parentheses, which may hold spaces.
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16])
    }
    const threads = await readdir('/proc/self/task')
    const [own, ...others] = await Promise.all([String(process.pid), ...threads].map(niceOf))
    expect(others).toContain(Math.min(19, (own ?? 0) + 10))
    expect(others.filter((nice) => nice === own).length).toBeGreaterThan(0)
  })

  it('fail with the same errors as inline', async () => {
    await expect(evaluator.evaluateInWorker('input.nope', scope, 10_000)).rejects.toMatchObject({
      code: 'expression_missing',
    })
    await expect(evaluator.evaluateInWorker('input.', scope, 10_000)).rejects.toMatchObject({
      code: 'expression_syntax',
    })
  })
})

describe('a node whose expressions have much to do', () => {
  it('is decided in a thread when its loops are nested', async () => {
    const config = { expression: 'input.list.exists(x, input.list.exists(y, y > x && y > 2000))' }
    const outcome = await evaluator.decide(condition, config, scope)
    expect(outcome.ports).toEqual(['true'])
    expect(outcome.decisions?.[0]?.operands).toHaveProperty(['input.list'])
  })

  it('says when it waits for a thread, and fails with a code of its own where that takes too long', async () => {
    const endless = { output: '{{ input.list.map(x, input.list.map(y, toJson(y))).size() }}' }
    const [hostile, impatient, other] = [recordedTurn('hostile'), recordedTurn('other', 1), recordedTurn('other')]
    const abort = new AbortController()
    const stuck = evaluator.decide(transform, endless, scope, { turn: hostile, signal: abort.signal })
    const late = evaluator.resolve(transform, endless, scope, { turn: impatient })
    const patient = evaluator.decide(transform, { output: '{{ 1 }}' }, scope, { turn: other })
    await expect(late).rejects.toMatchObject({ error: { class: 'capacity', code: 'no_free_thread' } })
    abort.abort()
    await expect(stuck).rejects.toMatchObject({ code: 'expression_aborted' })
    expect((await patient).output).toBe(1)
    for (const { told } of [hostile, other]) expect(told.slice(0, 2)).toEqual(['waits', 'begun'])
  })

  it('is decided in a thread when its data are too large to do it inline', async () => {
    const many = scopeOf({ list: Array.from({ length: 200_000 }, () => 1) })
    const outcome = await evaluator.decide(transform, { output: '{{ input.list.map(x, x + 1).sum() }}' }, many)
    expect(outcome.output).toBe(400_000)
  })

  it('fails as inline', async () => {
    await expect(
      evaluator.decide(
        condition,
        { expression: 'input.list.map(x, input.list.map(y, 1)).size()' },
        scopeOf({ list: [1] }),
      ),
    ).rejects.toMatchObject({ error: { class: 'expression', code: 'expression_result' } })
  })

  it('is planned, or has its config resolved, the same way', async () => {
    const items = Array.from({ length: 40 }, (_, index) => ({ n: index }))
    const config = {
      items: '{{ input.items.filter(i, input.items.exists(j, j.n > i.n)) }}',
      workflowId: 'w',
      input: '{{ item.n }}',
    }
    const plan = await evaluator.plan(map, config, scopeOf({ items }), '2024-01-01T00:00:00Z')
    expect(plan).toMatchObject({ kind: 'map', inputs: items.slice(0, 39).map(({ n }) => n) })
    const type = { ...transform, opaqueFields: ['keep'] }
    const resolved = await evaluator.resolve(type, { keep: '{{ 1 }}', a: config.items }, scopeOf({ items }))
    expect(resolved).toEqual({ keep: '{{ 1 }}', a: items.slice(0, 39) })
  })
})
