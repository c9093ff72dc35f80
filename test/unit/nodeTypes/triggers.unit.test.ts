import { describe, expect, it } from 'vitest'
import { FlowledgerError } from '../../../src/domain/errors.js'
import { findExpressions } from '../../../src/domain/expressions/findExpressions.js'
import type { JsonObject, JsonValue } from '../../../src/domain/json.js'
import { manualTrigger } from '../../../src/execution/nodeTypes/manualTrigger.js'
import { scheduleTrigger } from '../../../src/execution/nodeTypes/scheduleTrigger.js'
import { webhookTrigger } from '../../../src/execution/nodeTypes/webhookTrigger.js'

const problems = (inputSchema: JsonObject, input: JsonValue): FlowledgerError['errors'] => {
  const config = { inputSchema }
  expect(manualTrigger.configSchema.safeParse(config)).toMatchObject({ success: true })
  try {
    manualTrigger.checkInput?.(config, input)
    return []
  } catch (error) {
    if (!(error instanceof FlowledgerError)) throw error
    expect(error).toMatchObject({ kind: 'invalid', code: 'invalid_input' })
    return error.errors
  }
}

const order: JsonObject = {
  type: 'object',
  required: ['id', 'mail'],
  properties: {
    id: { type: 'integer' },
    mail: { type: 'string', format: 'email' },
    tags: { type: 'array', uniqueItems: true, items: { $ref: '#/$defs/tag' } },
  },
  additionalProperties: false,
  $defs: { tag: { type: 'string', pattern: '^[a-z]+$' } },
}

describe('the manual trigger', () => {
  it('takes an input that matches its schema, and any without one', () => {
    expect(problems(order, { id: 1, mail: 'a@example.org', tags: ['a', 'b'] })).toEqual([])
    expect(() => manualTrigger.checkInput?.({}, [1])).not.toThrow()
  })

  it('lists all that is wrong, with pointers', () => {
    const found = problems(order, { id: 'x', tags: ['a', 'B', 'a'], 'a/b': 1 })
    expect(found.map(({ pointer, code }) => `${pointer} ${code}`)).toEqual(
      expect.arrayContaining([
        '/mail required',
        '/id type',
        '/tags/1 pattern',
        '/tags uniqueItems',
        ' additionalProperties',
      ]),
    )
  })

  it.each<[string, JsonObject]>([
    ['a remote reference', { $ref: 'https://example.org/schema.json' }],
    ['a reference to nothing', { $ref: '#/$defs/none' }],
    ['a recursive reference', { $defs: { a: { properties: { a: { $ref: '#/$defs/a' } } } }, $ref: '#/$defs/a' }],
    ['a name of its own', { $id: 'https://example.org/a' }],
    ['an unknown keyword', { type: 'object', propertees: {} }],
    ['an unknown type', { type: 'text' }],
    ['a wrong pattern', { type: 'string', pattern: '(' }],
    ['a pattern that only backtracking can match', { type: 'string', pattern: '(a)\\1' }],
    ['an unknown format', { type: 'string', format: 'colour' }],
    ['too many schemas', { allOf: Array.from({ length: 1_001 }, () => ({ type: 'string' })) }],
    ['too many schemas by references', doubling(12)],
    ['too deep nesting', nested(40)],
    ['too many bytes', { description: 'x'.repeat(70_000) }],
  ])('refuses a schema with %s', (_, inputSchema) => {
    expect(manualTrigger.configSchema.safeParse({ inputSchema }).success).toBe(false)
  })

  it('does not follow names of the host', () => {
    expect(manualTrigger.configSchema.safeParse({ inputSchema: { $ref: '#/constructor/prototype' } }).success).toBe(
      false,
    )
    expect(problems({ type: 'object', required: ['toString'] }, {})).toMatchObject([{ pointer: '/toString' }])
  })

  it('checks hostile inputs in bounded time', () => {
    expect(problems({ type: 'string', pattern: '^(a+)+$' }, `${'a'.repeat(100_000)}!`)).toMatchObject([
      { code: 'pattern' },
    ])
    const items = Array.from({ length: 30_000 }, (_, index) => ({ index }))
    expect(problems({ type: 'array', uniqueItems: true }, items)).toEqual([])
    const many = { anyOf: Array.from({ length: 300 }, (_, index) => ({ const: index })) }
    expect(problems({ type: 'array', items: many }, items)).toMatchObject([{ code: 'too_large' }])
    const patterns = { allOf: Array.from({ length: 500 }, (_, index) => ({ pattern: `(a|b)*c{${index}}` })) }
    expect(problems(patterns, 'ab'.repeat(200_000))).toMatchObject([{ code: 'too_large' }])
  })

  it('does not take braces in its schema for templates', () => {
    expect(findExpressions({ inputSchema: { description: '{{ not one }}' } }, manualTrigger)).toEqual([])
  })
})

function doubling(levels: number): JsonObject {
  const names = Array.from({ length: levels }, (_, level) => `l${level}`)
  const $defs = Object.fromEntries(
    names.map((name, level) => {
      const $ref = `#/$defs/l${level + 1}`
      return [name, level + 1 < levels ? { allOf: [{ $ref }, { $ref }] } : { type: 'string' }]
    }),
  )
  return { $defs, $ref: '#/$defs/l0' }
}

function nested(levels: number): JsonObject {
  return Array.from({ length: levels }).reduce<JsonObject>((inner) => ({ items: inner }), { type: 'string' })
}

describe('the schedule trigger', () => {
  it.each([
    { cron: '0 9 * * 1-5', timezone: 'Europe/Berlin' },
    { cron: '*/10 * * * * *' },
    { cron: '0 0 29 2 *', overlap: 'allow' },
  ])('takes %j', (config) => {
    expect(scheduleTrigger.configSchema.safeParse(config)).toMatchObject({ success: true })
  })

  it.each([
    [{ cron: 'often' }, 'cron'],
    [{ cron: '61 * * * *' }, 'cron'],
    [{ cron: '0 0 30 2 *' }, 'cron'],
    [{ cron: '0 9 * * *', timezone: 'Europe/Atlantis' }, 'timezone'],
    [{ cron: '0 9 * * *', overlap: 'maybe' }, 'overlap'],
  ])('refuses %j', (config, field) => {
    expect(scheduleTrigger.configSchema.safeParse(config).error?.issues[0]?.path).toEqual([field])
  })
})

describe('the webhook trigger', () => {
  it.each(['orders', 'orders/new', 'a.b/c-d_~'])('takes the path %s', (path) => {
    expect(webhookTrigger.configSchema.safeParse({ path, method: 'POST', respond: 'result' }).success).toBe(true)
  })

  it.each(['', '/orders', 'orders/', 'a//b', '../a', 'a/..', 'a b', '{{ x }}', 'a?b'])(
    'refuses the path %j',
    (path) => {
      expect(webhookTrigger.configSchema.safeParse({ path }).success).toBe(false)
    },
  )
})
