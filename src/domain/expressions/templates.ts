import type { JsonObject, JsonValue } from '../json.js'
import type { NodeType } from '../nodes/nodeType.js'
import { compileTemplate, type Template } from './compileTemplate.js'
import { type ExpressionEngine, ExpressionError, type Scope } from './expressionEngine.js'

/** Characters that the interpolated strings of one value may come to, together. */
export const maxInterpolatedLength = 1024 * 1024

const compiledObjects = new WeakMap<object, Template>()
const compiledStrings = new Map<string, Template>()
const maxCompiledStrings = 1_000

const compiled = (value: JsonValue): Template => {
  if (typeof value === 'string') {
    const known = compiledStrings.get(value)
    if (known !== undefined) return known
    if (compiledStrings.size >= maxCompiledStrings) compiledStrings.clear()
    const template = compileTemplate(value)
    compiledStrings.set(value, template)
    return template
  }
  if (value === null || typeof value !== 'object') return { kind: 'constant', value }
  const known = compiledObjects.get(value)
  if (known !== undefined) return known
  const template = compileTemplate(value)
  compiledObjects.set(value, template)
  return template
}

/**
 * The value with every `{{ expression }}` replaced by what it evaluates to. A string that is only one expression takes
 * that value's type; in any other string the values are interpolated: strings as they are, others as JSON. `\{{` gives
 * a literal `{{`. Parts without expressions are returned as they are, not copied. Objects are compiled once each and
 * must not be changed afterwards.
 *
 * Throws ExpressionError; its message begins with the JSON pointer of the string that failed.
 */
export const resolveTemplates = (value: JsonValue, scope: Scope, engine: ExpressionEngine): JsonValue =>
  resolve(compiled(value), { scope, engine, length: 0 })

/**
 * A node's config with its templates resolved, except in the type's opaque fields. Secrets are visible only in the
 * fields which the type marks for them.
 */
export const resolveConfig = (
  type: Pick<NodeType, 'opaqueFields' | 'secretFields'>,
  config: JsonObject,
  scope: Scope,
  engine: ExpressionEngine,
): JsonObject => {
  const template = compiled(config)
  if (template.kind !== 'object') return template.kind === 'constant' ? (template.value as JsonObject) : config
  const { secrets: _, ...withoutSecrets } = scope
  const run: Resolution = { scope, engine, length: 0 }
  const result: JsonObject = {}
  for (const [key, item] of template.entries) {
    run.scope = type.secretFields?.includes(key) ? scope : withoutSecrets
    result[key] = type.opaqueFields?.includes(key) ? (config[key] ?? null) : resolve(item, run)
  }
  return result
}

interface Resolution {
  scope: Scope
  readonly engine: ExpressionEngine
  length: number
}

const resolve = (template: Template, run: Resolution): JsonValue => {
  switch (template.kind) {
    case 'constant':
      return template.value
    case 'expression':
      return evaluateAt(template.pointer, template.source, run)
    case 'text':
      return interpolate(template, run)
    case 'list':
      return template.items.map((item) => resolve(item, run))
    case 'object': {
      const result: JsonObject = {}
      for (const [key, item] of template.entries) result[key] = resolve(item, run)
      return result
    }
  }
}

const interpolate = ({ segments, pointer }: Extract<Template, { kind: 'text' }>, run: Resolution): string => {
  let text = ''
  for (const segment of segments) {
    if (segment.kind === 'unclosed') throw new ExpressionError('expression_syntax', at(pointer, '{{ is never closed'))
    const value = segment.kind === 'text' ? segment.text : evaluateAt(pointer, segment.source, run)
    const part = typeof value === 'string' ? value : JSON.stringify(value)
    text += part
    run.length += part.length
    if (run.length > maxInterpolatedLength) {
      throw new ExpressionError(
        'expression_limit',
        at(pointer, `more than ${maxInterpolatedLength} characters of text`),
      )
    }
  }
  return text
}

const evaluateAt = (pointer: string, source: string, run: Resolution): JsonValue => {
  try {
    return run.engine.evaluate(source, run.scope)
  } catch (error) {
    if (error instanceof ExpressionError && pointer !== '') {
      throw new ExpressionError(error.code, at(pointer, error.message))
    }
    throw error
  }
}

const at = (pointer: string, message: string): string => (pointer === '' ? message : `${pointer}: ${message}`)
