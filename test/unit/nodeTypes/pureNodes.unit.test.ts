import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../../src/domain/json.js'
import type { PureNodeType } from '../../../src/domain/nodes/behaviour.js'
import { portsOf } from '../../../src/domain/nodes/nodeType.js'
import { createCelEngine } from '../../../src/execution/expressions/celEngine.js'
import { condition } from '../../../src/execution/nodeTypes/condition.js'
import { fail } from '../../../src/execution/nodeTypes/fail.js'
import { merge } from '../../../src/execution/nodeTypes/merge.js'
import { noop } from '../../../src/execution/nodeTypes/noop.js'
import { switchNode } from '../../../src/execution/nodeTypes/switch.js'
import { transform } from '../../../src/execution/nodeTypes/transform.js'
import { scopeOf } from '../expressions/testScope.js'

const engine = createCelEngine()
const scope = scopeOf({ total: 120, kind: 'order' })
const evaluate = (type: PureNodeType, config: JsonObject) => {
  expect(type.configSchema.safeParse(config)).toMatchObject({ success: true })
  return type.evaluate(config, scope, engine)
}

describe('transform', () => {
  it('gives its output with the expressions in it', () => {
    expect(evaluate(transform, { output: { a: '{{ input.total * 2 }}', b: 'is {{ input.kind }}' } })).toEqual({
      output: { a: 240, b: 'is order' },
      ports: ['out'],
    })
  })

  it('fails with the code of the expression and the place in its config', () => {
    expect(() => evaluate(transform, { output: { a: ['{{ input.nope }}'] } })).toThrow(
      expect.objectContaining({
        name: 'NodeFailure',
        error: { class: 'expression', code: 'expression_missing', message: expect.stringContaining('/a/0') },
      }),
    )
  })
})

describe('condition', () => {
  it.each([
    ['input.total > 100', 'true'],
    ['{{ input.total > 200 }}', 'false'],
  ])('goes by %s to %s and records what it saw', (expression, port) => {
    const bare = expression.replace(/[{}]/g, '').trim()
    expect(evaluate(condition, { expression })).toEqual({
      ports: [port],
      decisions: [{ expression: bare, result: port === 'true', operands: { 'input.total': 120 } }],
    })
  })

  it.each(['input.total', 'input.kind', 'null', '[true]'])(
    'refuses %s, which is neither true nor false',
    (expression) => {
      expect(() => evaluate(condition, { expression })).toThrow(
        expect.objectContaining({ error: expect.objectContaining({ code: 'expression_result' }) }),
      )
    },
  )
})

describe('switch', () => {
  const cases = [
    { id: 'small', when: 'input.total < 100' },
    { id: 'large', when: '{{ input.total >= 100 }}' },
    { id: 'order', when: 'input.kind == "order"' },
  ]

  it('goes to the first case that is true, and looks no further', () => {
    const { ports, decisions } = evaluate(switchNode, { cases })
    expect(ports).toEqual(['large'])
    expect(decisions?.map(({ caseId, result }) => [caseId, result])).toEqual([
      ['small', false],
      ['large', true],
    ])
  })

  it('goes to every case that is true', () => {
    expect(evaluate(switchNode, { cases, mode: 'all' }).ports).toEqual(['large', 'order'])
  })

  it('goes to default when none is', () => {
    expect(evaluate(switchNode, { cases: cases.slice(0, 1) }).ports).toEqual(['default'])
  })

  it('has a port for each case', () => {
    expect(portsOf(switchNode, { cases })).toEqual(['small', 'large', 'order', 'default'])
  })

  it.each([
    { cases: [] },
    { cases: [{ id: 'default', when: 'true' }] },
    {
      cases: [
        { id: 'a', when: 'true' },
        { id: 'a', when: 'false' },
      ],
    },
    { cases, mode: 'some' },
    { cases: [{ id: 'a b', when: 'true' }] },
    { cases, other: 1 },
  ])('refuses the config %j', (config) => {
    expect(switchNode.configSchema.safeParse(config).success).toBe(false)
  })
})

describe('merge and noop', () => {
  it.each([merge, noop])('pass their input through', (type) => {
    expect(evaluate(type, {})).toEqual({ ports: ['out'] })
  })
})

describe('fail', () => {
  it('fails with what it is told', () => {
    expect(() => evaluate(fail, { code: 'too_{{ input.kind }}', message: 'total {{ input.total }}' })).toThrow(
      expect.objectContaining({ error: { class: 'user', code: 'too_order', message: 'total 120' } }),
    )
  })

  it('has no port', () => {
    expect(portsOf(fail, { code: 'a', message: '' })).toEqual([])
    expect(fail.configSchema.safeParse({ code: 'Not A Code', message: '' }).success).toBe(false)
  })
})
