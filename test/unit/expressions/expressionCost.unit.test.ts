import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ExpressionError, type Scope } from '../../../src/domain/expressions/expressionEngine.js'
import { runsInline, withBudget } from '../../../src/domain/expressions/inline.js'
import { exceedsJsonSize } from '../../../src/domain/expressions/jsonSize.js'
import type { JsonValue } from '../../../src/domain/json.js'
import { createCelEngine } from '../../../src/execution/expressions/celEngine.js'
import { expressionLimits } from '../../../src/execution/expressions/limits.js'
import { condition } from '../../../src/execution/nodeTypes/condition.js'
import { scopeOf } from './testScope.js'

const engine = createCelEngine()
const large = scopeOf({
  list: Array.from({ length: 50_000 }, (_, index) => index),
  text: 'a'.repeat(500_000),
  objects: Array.from({ length: 20_000 }, (_, index) => ({ a: index })),
})

const bind = (levels: number): string =>
  Array.from({ length: levels }).reduceRight<string>(
    (inner, _, level) => `cel.bind(v${level}, [v${level - 1}, v${level - 1}], ${inner})`.replace(/v-1/g, '1'),
    `v${levels - 1}`,
  )

const outcome = (source: string, scope: Scope): { value?: JsonValue; code?: string } => {
  try {
    return { value: engine.evaluate(source, scope) }
  } catch (error) {
    if (error instanceof ExpressionError) return { code: error.code }
    throw error
  }
}

describe('the cost of expressions', () => {
  it.each([
    'input.list.map(x, input.list.map(y, y))',
    'input.list.map(x, input.text)',
    'input.objects.all(x, x.missing == 1) || true',
    'input.objects.exists(x, x == input.objects[0] && x == input.objects)',
    'input.list.filter(x, x in input.list)',
    'input.text.matches("(a+)+$")',
    'input.text.contains(input.text + "b")',
    'input.text.replace("a", "bbbbbbbbbb")',
    'input.list.distinct()',
    'input.list.sort()',
    '[input.text, input.text, input.text].join("")',
    'toJson([input.text, input.text, input.text])',
    '"x".padStart(1000000000, " ")',
    'range(1000000000)',
    'input.list.map(x, timestamp(execution.startedAt).getHours("Europe/Berlin"))',
    bind(25),
  ])('is bounded at run: %s', (source) => {
    const before = engine.spent?.() ?? 0
    expect(outcome(source, large)).toEqual({ code: 'expression_limit' })
    expect((engine.spent?.() ?? 0) - before).toBeLessThanOrEqual(expressionLimits.inlineSteps)
  })

  it.each([
    ['nested too deeply', `${'('.repeat(500)}1${')'.repeat(500)}`],
    ['lists in lists', '['.repeat(5_000)],
    ['a chain of members', `input${'.a'.repeat(500)}`],
    ['prefix operators', `${'!'.repeat(15_000)}true`],
    ['prefix operators with spaces', `${'- '.repeat(8_000)}1`],
    ['too many nodes', `1${'+1'.repeat(3_000)}`],
    ['too many characters', `"${'x'.repeat(20_000)}"`],
    ['loops in loops', 'input.l.map(a, a.map(b, b.map(c, c.map(d, d.map(e, e)))))'],
  ])('is bounded when it is checked: %s', (_, source) => {
    expect(engine.check(source)).toMatchObject({ ok: false, code: 'expression_too_complex' })
    expect(outcome(source, large)).toEqual({ code: 'expression_too_complex' })
  })

  it('makes a condition with nested loops run elsewhere, and a plain one inline', () => {
    expect(runsInline(condition, { expression: 'input.a.exists(x, x > 1)' }, engine)).toBe(true)
    expect(runsInline(condition, { expression: 'input.a.exists(x, x.b.exists(y, y > 1))' }, engine)).toBe(false)
    expect(runsInline(condition, { expression: '{{ input.a.exists(x, x.matches("b")) }}' }, engine)).toBe(false)
  })

  it('is bounded for many evaluations together', () => {
    const budgeted = withBudget(engine, 100_000)
    const one = () =>
      budgeted.evaluate('input.list.map(x, x)', scopeOf({ list: Array.from({ length: 20_000 }, () => 1) }))
    expect(() => Array.from({ length: 50 }, one)).toThrow(expect.objectContaining({ code: 'expression_limit' }))
  })

  it('counts the size of shared values without building them', () => {
    const shared = Array.from({ length: 40 }).reduce<JsonValue>((value) => [value, value], 'x')
    expect(exceedsJsonSize(shared, 262_144)).toBe(true)
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const json = JSON.parse(JSON.stringify(value)) as JsonValue
        const unescaped = /\\|[^ -~]/.test(JSON.stringify(json)) ? undefined : JSON.stringify(json).length
        if (unescaped === undefined) return
        expect(exceedsJsonSize(json, unescaped - 1)).toBe(true)
        expect(exceedsJsonSize(json, unescaped)).toBe(false)
      }),
    )
  })
})

describe('hostile expressions', () => {
  const atom = fc.constantFrom(
    ...[
      'input',
      'input.list',
      'input.text',
      'x',
      '1',
      '"a"',
      'null',
      'nodes',
      'secrets.K',
      '[]',
      '{}',
      '__proto__',
      'constructor',
    ],
    ...[
      'optional.none()',
      'b"x"',
      'duration("1h")',
      '-1',
      '1.5e300',
      '3u',
      'type(1)',
      'cel',
      'input.objects[0]',
      '"\\u0000"',
    ],
  )
  const expression: fc.Arbitrary<string> = fc.letrec<{ any: string }>((tie) => ({
    any: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      atom,
      fc
        .tuple(
          tie('any'),
          fc.constantFrom('+', '-', '*', '/', '%', '==', '!=', '<', '>=', 'in', '&&', '||'),
          tie('any'),
        )
        .map(([a, op, b]) => `(${a} ${op} ${b})`),
      fc
        .tuple(tie('any'), fc.constantFrom('map', 'filter', 'all', 'exists', 'exists_one', 'sortBy'), tie('any'))
        .map(([a, loop, b]) => `${a}.${loop}(x, ${b})`),
      fc
        .tuple(
          tie('any'),
          fc.constantFrom(
            'sum',
            'distinct',
            'flatten',
            'keys',
            'size',
            'lower',
            'join',
            'sort',
            'constructor',
            'toString',
          ),
        )
        .map(([a, name]) => `${a}.${name}()`),
      fc
        .tuple(
          fc.constantFrom(
            'toJson',
            'size',
            'string',
            'int',
            'type',
            'parseJson',
            'has',
            'dyn',
            'range',
            'duration',
            'timestamp',
          ),
          tie('any'),
        )
        .map(([name, a]) => `${name}(${a})`),
      fc.tuple(tie('any'), tie('any')).map(([a, b]) => `${a}[${b}]`),
      fc.tuple(tie('any'), tie('any'), tie('any')).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
      fc.tuple(tie('any'), tie('any')).map(([a, b]) => `{${a}: ${b}, "k": [${b}, ${a}]}`),
      fc.tuple(tie('any'), tie('any')).map(([a, b]) => `cel.bind(x, ${a}, ${b})`),
      fc
        .tuple(tie('any'), fc.constantFrom('.a', '.?a', '[?0]', '.constructor', '.__proto__'))
        .map(([a, member]) => a + member),
    ),
  })).any

  const isJson = (value: unknown): boolean => {
    if (value === null || ['string', 'boolean'].includes(typeof value)) return true
    if (typeof value === 'number') return Number.isFinite(value)
    return typeof value === 'object' && Object.values(value as object).every(isJson)
  }

  it('give JSON or an ExpressionError within their steps, never anything else', () => {
    const scope = scopeOf({
      list: Array.from({ length: 300 }, (_, index) => index),
      text: 'ab'.repeat(2_000),
      objects: [{ a: 1 }],
    })
    const codes = new Set<string>()
    fc.assert(
      fc.property(expression, (source) => {
        engine.check(source)
        engine.operands(source, scope)
        const { value, code } = outcome(source, scope)
        codes.add(code ?? 'none')
        expect(code !== undefined || isJson(value)).toBe(true)
      }),
      { numRuns: 1_500 },
    )
    expect([...codes]).toEqual(expect.arrayContaining(['none', 'expression_syntax', 'expression_missing']))
  })

  it('never throw anything but an ExpressionError for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (source) => {
        expect(() => engine.check(source)).not.toThrow()
        outcome(source, scopeOf({}))
      }),
    )
  })
})
