import { describe, expect, it } from 'vitest'
import type { JsonValue } from '../../../src/domain/json.js'
import { createCelEngine } from '../../../src/execution/expressions/celEngine.js'
import { scopeOf } from './testScope.js'

const engine = createCelEngine()
const input = {
  price: 12.5,
  count: 3,
  name: 'Ada',
  none: null,
  list: [3, 1, 2],
  items: [
    { sku: 'b', qty: 2 },
    { sku: 'a', qty: 1 },
  ],
  map: { x: 1, y: 2 },
}
const evaluate = (source: string): JsonValue => engine.evaluate(source, scopeOf(input))

const cases: readonly (readonly [source: string, result: JsonValue])[] = [
  ['input.price + 1', 13.5],
  ['input.count % 2', 1],
  ['10 - input.count * 2', 4],
  ['input.count / 2', 1.5],
  ['7 / 2', 3],
  ['input.count == 3', true],
  ['input.count >= 3 && 3 >= input.count', true],
  ['input.name == 1', false],
  ['input.none == null', true],
  ['input.name != null', true],
  ['input.list == [3, 1, 2]', true],
  ['input.items[1] == {"qty": 1, "sku": "a"}', true],
  ['2 in input.list', true],
  ['"x" in input.map', true],
  ['"toString" in input.map', false],
  ['input.count > 2 ? "many" : null', 'many'],
  ['input.?a.?b.orValue("none")', 'none'],
  ['has(input.a)', false],
  ['input.?a', null],
  ['input.list.sum() + input.list.avg()', 8],
  ['[input.list.min(), max(input.list)]', [1, 3]],
  ['input.list.sort().reverse()', [3, 2, 1]],
  ['input.items.sortBy(i, i.sku).map(i, i.qty)', [1, 2]],
  ['input.items.filter(i, i.qty > 1).map(i, i.sku)', ['b']],
  ['input.list.join("-")', '3-1-2'],
  ['[[1], [2, [3]]].flatten()', [1, 2, [3]]],
  ['[1, 1.0, "1", {"a": 1, "b": 2}, {"b": 2, "a": 1}].distinct()', [1, '1', { a: 1, b: 2 }]],
  ['input.map.keys() + ["z"]', ['x', 'y', 'z']],
  ['values(input.map)', [1, 2]],
  ['input.name.lower() + input.name.upper()', 'adaADA'],
  ['"a-b-c".replace("-", "+").split("+")', ['a', 'b', 'c']],
  ['input.name.substring(0, input.count - 1)', 'Ad'],
  ['"order-17".matches("^order-[0-9]+$")', true],
  ['parseJson(toJson(input.map)).y', 2],
  ['round(2.567, 2) + floor(1.5)', 3.57],
  ['range(3)', [0, 1, 2]],
  ['cel.bind(total, input.list.sum(), total * 2)', 12],
  ['timestamp(execution.startedAt) + duration("1h")', '2024-05-01T11:00:00.000Z'],
  ['duration("90s")', '90s'],
  ['b"abc"', 'YWJj'],
  ['nodes.fetch.output.status', 200],
  ['urlEncode("a b&c")', 'a%20b%26c'],
]

describe('the expression engine', () => {
  it.each(cases)('evaluates %s', (source, result) => {
    expect(engine.check(source)).toMatchObject({ ok: true })
    expect(evaluate(source)).toEqual(result)
  })

  it.each([
    ['input.nope', 'expression_missing', 'nope'],
    ['input.map.a.b', 'expression_missing', 'input.map.a'],
    ['input.list[9]', 'expression_missing', 'index 9'],
    ['nodes.skipped.output', 'expression_missing', 'skipped'],
    ['secrets.KEY', 'expression_missing', 'secrets'],
    ['1 / 0', 'expression_failed', 'division by zero'],
    ['input.name + input.count', 'expression_failed', 'no such overload'],
    ['1.0 / 0.0', 'expression_result', 'not a JSON number'],
    ['9007199254740993', 'expression_result', '9007199254740993'],
    ['type(1)', 'expression_result', 'not a JSON value'],
    ['input.list.avg("x")', 'expression_syntax', 'overload'],
    ['input.name.matches("(")', 'expression_failed', 'invalid pattern'],
    [`input.name.matches("${'a'.repeat(600)}")`, 'expression_failed', '512'],
  ])('fails %s with %s', (source, code, message) => {
    expect(() => evaluate(source)).toThrow(
      expect.objectContaining({ name: 'ExpressionError', code, message: expect.stringContaining(message) }),
    )
  })

  it('gives the place of a syntax error', () => {
    expect(engine.check('input.a + ')).toMatchObject({ ok: false, code: 'expression_syntax', offset: 10 })
    expect(engine.check('1 + foo')).toMatchObject({ ok: false, code: 'expression_syntax', offset: 4 })
  })

  it('lists the nodes and secrets that an expression reads', () => {
    const checked = engine.check(
      'nodes.a.output + nodes["b"].output + (has(nodes.c.output) ? secrets.KEY : secrets["OTHER"])',
    )
    expect(checked).toMatchObject({ ok: true, references: { nodes: ['a', 'b', 'c'], secrets: ['KEY', 'OTHER'] } })
  })

  it('does not take a variable of a loop for what it is named after', () => {
    expect(engine.check('input.list.map(nodes, nodes.x)')).toMatchObject({ ok: true, references: { nodes: [] } })
  })

  it.each(['nodes[input.name]', 'toJson(nodes)', 'secrets', 'secrets[input.name]', 'nodes.map(n, n)'])(
    'refuses %s, whose reading nobody can tell before it runs',
    (source) => {
      expect(engine.check(source)).toMatchObject({ ok: false, code: 'expression_syntax' })
    },
  )

  it('gives the operands that a decision saw, cut, and never secrets', () => {
    const scope = scopeOf(
      { a: 1, long: 'x'.repeat(500), list: Array.from({ length: 50 }, (_, index) => index) },
      { secrets: { KEY: 'secret' } },
    )
    const source =
      'input.a > 1 && input.long == "" && input.list[1] == 1 && input.list.exists(x, x > 9) && secrets.KEY == "" && has(input.q)'
    const operands = engine.operands(source, scope)
    expect(Object.keys(operands)).toEqual(['input.a', 'input.long', 'input.list[1]', 'input.list'])
    expect(operands['input.a']).toBe(1)
    expect(String(operands['input.long']).length).toBeLessThan(250)
    expect(operands['input.list']).toHaveLength(11)
  })

  it('returns what it reads from the scope without copying it', () => {
    const scope = scopeOf(input)
    expect(engine.evaluate('input', scope)).toBe(input)
    expect(engine.evaluate('{"all": input.items, "n": 1}', scope)).toEqual({ all: input.items, n: 1 })
  })

  it('gives an object whose members are integers as JSON numbers, also deep within lists', () => {
    expect(evaluate('{"a": [1, {"b": 2}], "c": input.items.map(i, {"q": 5})}')).toEqual({
      a: [1, { b: 2 }],
      c: [{ q: 5 }, { q: 5 }],
    })
  })

  it('never reaches objects of the host', () => {
    for (const source of [
      'input.constructor',
      'input["__proto__"]',
      'input.list.constructor',
      'input.name.constructor',
      'execution.toString',
    ]) {
      expect(() => evaluate(source), source).toThrow(expect.objectContaining({ name: 'ExpressionError' }))
    }
    expect(evaluate('{"__proto__": {"polluted": true}}')).toEqual({})
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })
})
