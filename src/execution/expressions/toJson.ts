import { Optional } from '@marcbachmann/cel-js'
import { Duration, UnsignedInt } from '@marcbachmann/cel-js/evaluator'
import { ExpressionError } from '../../domain/expressions/expressionEngine.js'
import type { JsonValue } from '../../domain/json.js'
import { expressionLimits } from './limits.js'
import { charge, limitCode, type Meter } from './meter.js'

const refused = (message: string): ExpressionError => new ExpressionError('expression_result', message)

const fromInteger = (value: bigint): number => {
  const number = Number(value)
  if (Number.isSafeInteger(number)) return number
  throw refused(`the integer ${value} is outside of what JSON numbers hold exactly; make a string of it`)
}

/**
 * A CEL value as JSON: integers become numbers (outside ±(2^53 - 1): an error), timestamps ISO 8601 strings, durations
 * strings such as `3.5s`, bytes base64, an empty optional null. What is JSON already is returned as it is, not copied.
 * Throws ExpressionError `expression_result`, or `expression_limit` for what is too large or too deep.
 */
export const toJson = (value: unknown, meter: Meter, depth = 0): JsonValue => {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      if (Number.isFinite(value)) return value
      throw refused(`${value} is not a JSON number`)
    case 'bigint':
      return fromInteger(value)
    case 'object':
      return value === null ? null : fromObject(value, meter, depth)
    default:
      throw refused(`a ${typeof value} is not a JSON value`)
  }
}

const fromObject = (value: object, meter: Meter, depth: number): JsonValue => {
  charge(meter, 1)
  if (depth >= expressionLimits.resultDepth) throw new ExpressionError(limitCode, 'the result is nested too deeply')
  if (Array.isArray(value)) return fromList(value, meter, depth)
  const prototype = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null)
    return fromMap(value as Record<string, unknown>, meter, depth)
  return fromInstance(value, meter, depth)
}

const fromList = (list: readonly unknown[], meter: Meter, depth: number): JsonValue => {
  charge(meter, list.length)
  let copy: JsonValue[] | undefined
  for (let index = 0; index < list.length; index++) {
    const item = list[index]
    const json = toJson(item, meter, depth + 1)
    if (json !== item) copy ??= list.slice(0, index) as JsonValue[]
    if (copy !== undefined) copy.push(json)
  }
  return copy ?? (list as JsonValue[])
}

const fromMap = (map: Record<string, unknown>, meter: Meter, depth: number): JsonValue => {
  let copy: Record<string, JsonValue> | undefined
  for (const key in map) {
    charge(meter, 1)
    // Assigned anywhere, it would become a prototype. parseJson() can give such a member.
    if (key === '__proto__') {
      copy ??= { ...map } as Record<string, JsonValue>
      Reflect.deleteProperty(copy, key)
      continue
    }
    const item = map[key]
    const json = toJson(item, meter, depth + 1)
    if (json === item) continue
    copy ??= { ...map } as Record<string, JsonValue>
    copy[key] = json
  }
  return copy ?? (map as Record<string, JsonValue>)
}

const fromInstance = (value: object, meter: Meter, depth: number): JsonValue => {
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) throw refused('the timestamp is outside of what a calendar holds')
    return value.toISOString()
  }
  if (value instanceof Duration) return value.toString()
  if (value instanceof UnsignedInt) return fromInteger(value.valueOf())
  if (value instanceof Uint8Array) {
    charge(meter, value.length >> 4)
    return Buffer.from(value).toString('base64')
  }
  if (value instanceof Optional) return value.hasValue() ? toJson(value.value(), meter, depth + 1) : null
  throw refused('the result is not a JSON value: a type or a namespace, not data')
}
