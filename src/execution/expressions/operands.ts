import type { Scope } from '../../domain/expressions/expressionEngine.js'
import type { JsonObject, JsonValue } from '../../domain/json.js'
import { type MemberPath, pathText } from './memberPath.js'

/** How much of an operand an explanation keeps. */
const maxText = 200
const maxMembers = 10
const maxDepth = 3
const maxOperands = 32

/** The values at these paths, large ones cut. Paths that lead nowhere are left out. */
export const readOperands = (paths: readonly MemberPath[], scope: Scope): Record<string, JsonValue> => {
  const operands: Record<string, JsonValue> = {}
  for (const path of paths.slice(0, maxOperands)) {
    const value = valueAt(path, scope)
    if (value !== undefined) operands[pathText(path)] = cut(value, 0)
  }
  return operands
}

const valueAt = ({ root, steps }: MemberPath, scope: Scope): JsonValue | undefined => {
  let value: unknown = Object.hasOwn(scope, root) ? scope[root as keyof Scope] : undefined
  for (const step of steps) {
    if (value === null || typeof value !== 'object' || !Object.hasOwn(value, step)) return undefined
    value = (value as Record<string | number, unknown>)[step]
  }
  return value as JsonValue | undefined
}

const cut = (value: JsonValue, depth: number): JsonValue => {
  if (typeof value === 'string') return value.length > maxText ? `${value.slice(0, maxText)}…` : value
  if (value === null || typeof value !== 'object') return value
  if (depth >= maxDepth) return Array.isArray(value) ? '[…]' : '{…}'
  if (Array.isArray(value)) {
    const items = value.slice(0, maxMembers).map((item) => cut(item, depth + 1))
    return value.length > maxMembers ? [...items, `… ${value.length - maxMembers} more`] : items
  }
  return cutObject(value, depth)
}

const cutObject = (value: JsonObject, depth: number): JsonObject => {
  const result: JsonObject = {}
  let count = 0
  for (const key in value) {
    const item = value[key]
    if (item === undefined || key === '__proto__') continue
    if (++count > maxMembers) return { ...result, '…': 'more members' }
    result[key.length > maxText ? `${key.slice(0, maxText)}…` : key] = cut(item, depth + 1)
  }
  return result
}
