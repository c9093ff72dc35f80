import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findExpressions } from '../../../src/domain/expressions/findExpressions.js'
import { resolveConfig, resolveTemplates } from '../../../src/domain/expressions/templates.js'
import type { JsonValue } from '../../../src/domain/json.js'
import { createCelEngine } from '../../../src/execution/expressions/celEngine.js'
import { condition } from '../../../src/execution/nodeTypes/condition.js'
import { switchNode } from '../../../src/execution/nodeTypes/switch.js'
import { transform } from '../../../src/execution/nodeTypes/transform.js'
import { scopeOf } from './testScope.js'

const engine = createCelEngine()
const scope = scopeOf({ name: 'Ada', count: 3, tags: ['a'] })
const resolve = (value: JsonValue) => resolveTemplates(value, scope, engine)

describe('templates', () => {
  it('keep the type of a string that is only one expression', () => {
    expect(resolve({ n: '{{ input.count }}', l: '{{ input.tags }}', o: '{{ {"a": {"b": "}}"}} }}' })).toEqual({
      n: 3,
      l: ['a'],
      o: { a: { b: '}}' } },
    })
  })

  it('interpolate strings as they are and other values as JSON', () => {
    expect(resolve('{{ input.name }}: {{ input.count }} {{ input.tags }} {{ null }}')).toBe('Ada: 3 ["a"] null')
  })

  it('write a literal brace pair after a backslash or in a string of an expression', () => {
    expect(resolve('\\{{ input.name }} and {{ "{{" }}')).toBe('{{ input.name }} and {{')
  })

  it('return what holds no expression as it is', () => {
    const constant = { a: [1, { b: 'text' }] }
    expect(resolve(constant)).toBe(constant)
  })

  it('name the place of a string that failed', () => {
    expect(() => resolve({ 'a/b': ['x', '{{ input.nope }}'] })).toThrow(
      expect.objectContaining({ code: 'expression_missing', message: expect.stringMatching(/^\/a~1b\/1: .*nope/) }),
    )
  })

  it('refuse an expression that is never closed, at check and at run', () => {
    const [field] = findExpressions({ output: 'x {{ "a": 1' }, transform)
    expect(engine.check(field?.source ?? '1')).toMatchObject({ ok: false, code: 'expression_syntax' })
    expect(() => resolve('x {{ "a": 1')).toThrow(expect.objectContaining({ code: 'expression_syntax' }))
  })

  it('bound the text that they build together', () => {
    const large = scopeOf('x'.repeat(400_000))
    expect(() => resolveTemplates(['a{{ input }}', 'b{{ input }}', 'c{{ input }}'], large, engine)).toThrow(
      expect.objectContaining({ code: 'expression_limit' }),
    )
  })

  it('give back any string without braces, and any string as an escaped or quoted template', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        if (!text.includes('{{')) expect(resolve(text)).toBe(text)
        expect(resolve(`{{ ${JSON.stringify(text.replace(/[^ -~]/g, '?'))} }}`)).toBe(text.replace(/[^ -~]/g, '?'))
      }),
    )
  })
})

describe('expressions of a config', () => {
  it('are found with their pointers', () => {
    expect(
      findExpressions({ output: { a: ['{{ input.x }} and {{ input.y }}'], 'b~': '{{ 1 }}', c: 'x' } }, transform),
    ).toEqual([
      { pointer: '/output/a/0', source: 'input.x' },
      { pointer: '/output/a/0', source: 'input.y' },
      { pointer: '/output/b~0', source: '1' },
    ])
  })

  it('are the same bare or in braces where the type expects one', () => {
    const field = { pointer: '/expression', source: 'input.a > 1' }
    expect(findExpressions({ expression: 'input.a > 1' }, condition)).toEqual([field])
    expect(findExpressions({ expression: '{{ input.a > 1 }}' }, condition)).toEqual([field])
    expect(findExpressions({ cases: [{ id: 'a', when: 'true' }], mode: 'all' }, switchNode)).toEqual([
      { pointer: '/cases/0/when', source: 'true' },
    ])
  })

  it('are not looked for in opaque fields', () => {
    const type = { ...transform, opaqueFields: ['source'] }
    expect(findExpressions({ source: '{{ a }}', other: '{{ 1 }}' }, type)).toEqual([{ pointer: '/other', source: '1' }])
    const config = { source: '{{ a }}', other: '{{ 1 }}' }
    expect(resolveConfig(type, config, scope, engine)).toEqual({ source: '{{ a }}', other: 1 })
  })

  it('see secrets only in the fields that are marked for them', () => {
    const type = { secretFields: ['url'] }
    const withSecret = scopeOf(null, { secrets: { KEY: 's3cret' } })
    expect(resolveConfig(type, { url: 'a/{{ secrets.KEY }}' }, withSecret, engine)).toEqual({ url: 'a/s3cret' })
    expect(() => resolveConfig(type, { note: '{{ secrets.KEY }}' }, withSecret, engine)).toThrow(
      expect.objectContaining({ code: 'expression_missing' }),
    )
  })
})
