import type { JsonValue } from '../json.js'
import { pointerStep } from '../jsonPointer.js'
import { type Segment, scanTemplate } from './scanTemplate.js'

/** A JSON value with its templates found once, so that resolving it does no parsing. */
export type Template =
  | { readonly kind: 'constant'; readonly value: JsonValue }
  | { readonly kind: 'expression'; readonly source: string; readonly pointer: string }
  | { readonly kind: 'text'; readonly segments: readonly Segment[]; readonly pointer: string }
  | { readonly kind: 'list'; readonly items: readonly Template[] }
  | { readonly kind: 'object'; readonly entries: readonly (readonly [string, Template])[] }

/** `pointer` is where the value stands in its config; errors name it. */
export const compileTemplate = (value: JsonValue, pointer = ''): Template => {
  if (typeof value === 'string') return compileText(value, pointer)
  if (value === null || typeof value !== 'object') return { kind: 'constant', value }
  if (Array.isArray(value)) {
    const items = value.map((item, index) => compileTemplate(item, pointer + pointerStep(index)))
    return items.every(isConstant) ? { kind: 'constant', value } : { kind: 'list', items }
  }
  const entries = Object.entries(value)
    // Assigning to it would set a prototype instead of a member.
    .filter(([key]) => key !== '__proto__')
    .map(([key, item]) => [key, compileTemplate(item, pointer + pointerStep(key))] as const)
  return entries.every(([, item]) => isConstant(item)) ? { kind: 'constant', value } : { kind: 'object', entries }
}

const isConstant = (template: Template): boolean => template.kind === 'constant'

const compileText = (text: string, pointer: string): Template => {
  if (!text.includes('{{')) return { kind: 'constant', value: text }
  const segments = scanTemplate(text)
  const [only] = segments
  if (segments.length === 1 && only?.kind === 'expression') return { kind: 'expression', source: only.source, pointer }
  if (segments.every((segment) => segment.kind === 'text')) {
    return { kind: 'constant', value: segments.map((segment) => ('text' in segment ? segment.text : '')).join('') }
  }
  return { kind: 'text', segments, pointer }
}
