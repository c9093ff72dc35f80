import { Duration, UnsignedInt } from '@marcbachmann/cel-js/evaluator'
import { charge, chargeText, type Meter } from './meter.js'

/** Deep equality of values, charged by what it walks. Numbers are equal by value, whatever their type. */
export const isEqual = (left: unknown, right: unknown, meter: Meter): boolean => {
  if (left === right) return true
  if (typeof left === 'string') {
    if (typeof right !== 'string' || left.length !== right.length) return false
    chargeText(meter, left.length)
    return left === right
  }
  if (isNumber(left) || isNumber(right)) {
    // biome-ignore lint/suspicious/noDoubleEquals: of a bigint and a number only == compares the values
    return isNumber(left) && isNumber(right) && numeric(left) == numeric(right)
  }
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false
  charge(meter, 1)
  return Array.isArray(left) ? Array.isArray(right) && equalLists(left, right, meter) : equalObjects(left, right, meter)
}

const isNumber = (value: unknown): value is number | bigint | UnsignedInt =>
  typeof value === 'number' || typeof value === 'bigint' || value instanceof UnsignedInt

const numeric = (value: number | bigint | UnsignedInt): number | bigint =>
  value instanceof UnsignedInt ? value.valueOf() : value

const equalLists = (left: readonly unknown[], right: readonly unknown[], meter: Meter): boolean => {
  if (left.length !== right.length) return false
  charge(meter, left.length)
  return left.every((item, index) => isEqual(item, right[index], meter))
}

const equalObjects = (left: object, right: object, meter: Meter): boolean => {
  if (left instanceof Date) return right instanceof Date && left.getTime() === right.getTime()
  if (left instanceof Duration) return right instanceof Duration && left.valueOf() === right.valueOf()
  if (left instanceof Uint8Array) {
    if (!(right instanceof Uint8Array)) return false
    charge(meter, left.length >> 4)
    return Buffer.compare(left, right) === 0
  }
  if (!isPlain(left) || !isPlain(right)) return false
  const keys = Object.keys(left)
  charge(meter, keys.length)
  if (keys.length !== Object.keys(right).length) return false
  return keys.every((key) => Object.hasOwn(right, key) && isEqual(left[key], right[key], meter))
}

const isPlain = (value: object): value is Record<string, unknown> => {
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
