import type { JsonObject, JsonValue } from '../json.js'
import { pointerStep } from '../jsonPointer.js'
import type { ExpressionField, NodeType } from '../nodes/nodeType.js'
import { scanTemplate } from './scanTemplate.js'

/** What a bare expression field holds: `a > 1` and `{{ a > 1 }}` are the same there. */
export const bareSource = (text: string): string => {
  const [only, ...rest] = scanTemplate(text.trim())
  return only?.kind === 'expression' && rest.length === 0 ? only.source : text
}

/**
 * Every expression of a config with its JSON pointer: each `{{ … }}` in any string outside the type's opaque fields,
 * and the type's bare expressions. An unclosed `{{` comes as a source that no parser accepts.
 */
export const findExpressions = (config: JsonObject, type: NodeType): ExpressionField[] => {
  const bare = (type.expressions?.(config) ?? []).map(({ pointer, source }) => ({
    pointer,
    source: bareSource(source),
  }))
  const taken = new Set(bare.map(({ pointer }) => pointer))
  const found: ExpressionField[] = [...bare]
  const visit = (value: JsonValue, pointer: string): void => {
    if (typeof value === 'string') {
      if (!taken.has(pointer)) found.push(...expressionsIn(value).map((source) => ({ pointer, source })))
    } else if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) visit(item, pointer + pointerStep(index))
    } else if (value !== null && typeof value === 'object') {
      for (const [key, item] of Object.entries(value)) visit(item, pointer + pointerStep(key))
    }
  }
  for (const [key, value] of Object.entries(config)) {
    if (!type.opaqueFields?.includes(key)) visit(value, pointerStep(key))
  }
  return found
}

const expressionsIn = (text: string): string[] =>
  scanTemplate(text).flatMap((segment) => {
    if (segment.kind === 'text') return []
    // Nothing in CEL may follow an expression but an operator, and none begins with a brace: this never parses.
    return [segment.kind === 'expression' ? segment.source : `${segment.source}\n{{`]
  })
