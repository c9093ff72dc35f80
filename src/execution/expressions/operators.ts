import { EvaluationError } from '@marcbachmann/cel-js'
import type { CelNode } from './celInternals.js'
import { isEqual } from './equality.js'
import { charge, chargeText, type Meter } from './meter.js'

/** What cel-js itself would do with the operands: dates, durations, bytes, unsigned integers, and its errors. */
type Fallback = (left: unknown, right: unknown, node: CelNode, evaluator: unknown) => unknown
export type BinaryHandler = Fallback

const minInt = -(2n ** 63n)
const maxInt = 2n ** 63n - 1n

const checkedInt = (value: bigint): bigint => {
  if (value >= minInt && value <= maxInt) return value
  throw new EvaluationError({ code: 'numeric_overflow', message: 'integer overflow' })
}

const divisor = (value: bigint): bigint => {
  if (value !== 0n) return value
  throw new EvaluationError({ code: 'division_by_zero', message: 'division by zero' })
}

interface Arithmetic {
  readonly doubles: (left: number, right: number) => number
  readonly ints: (left: bigint, right: bigint) => bigint
}

const arithmetic: Readonly<Record<string, Arithmetic>> = {
  '+': { doubles: (a, b) => a + b, ints: (a, b) => checkedInt(a + b) },
  '-': { doubles: (a, b) => a - b, ints: (a, b) => checkedInt(a - b) },
  '*': { doubles: (a, b) => a * b, ints: (a, b) => checkedInt(a * b) },
  '/': { doubles: (a, b) => a / b, ints: (a, b) => checkedInt(a / divisor(b)) },
  '%': { doubles: (a, b) => a % b, ints: (a, b) => a % divisor(b) },
}

/**
 * Arithmetic in which ints and doubles mix (the result is then a double): JSON numbers are doubles, literals ints.
 */
const arithmeticHandler = (
  { doubles, ints }: Arithmetic,
  op: string,
  meter: Meter,
  fallback: Fallback,
): BinaryHandler => {
  const join = op === '+'
  return (left, right, node, evaluator) => {
    if (typeof left === 'number') {
      if (typeof right === 'number') return doubles(left, right)
      if (typeof right === 'bigint') return doubles(left, Number(right))
    } else if (typeof left === 'bigint') {
      if (typeof right === 'bigint') return ints(left, right)
      if (typeof right === 'number') return doubles(Number(left), right)
    } else if (join && typeof left === 'string' && typeof right === 'string') {
      chargeText(meter, left.length + right.length)
      return left + right
    } else if (join && Array.isArray(left) && Array.isArray(right)) {
      charge(meter, left.length + right.length)
      return left.concat(right)
    }
    if (left instanceof Uint8Array && right instanceof Uint8Array) chargeText(meter, left.length + right.length)
    return fallback(left, right, node, evaluator)
  }
}

const comparisons: Readonly<Record<string, (left: number, right: number) => boolean>> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
}

const isNumeric = (value: unknown): boolean => typeof value === 'number' || typeof value === 'bigint'

const comparisonHandler =
  (compare: (left: number, right: number) => boolean, meter: Meter, fallback: Fallback): BinaryHandler =>
  (left, right, node, evaluator) => {
    if (isNumeric(left) && isNumeric(right)) return compare(left as number, right as number)
    if (typeof left === 'string' && typeof right === 'string') {
      chargeText(meter, Math.min(left.length, right.length))
      return compare(left as never, right as never)
    }
    return fallback(left, right, node, evaluator)
  }

const memberHandler =
  (meter: Meter, fallback: Fallback): BinaryHandler =>
  (needle, container, node, evaluator) => {
    if (Array.isArray(container)) {
      charge(meter, container.length)
      return container.some((item) => isEqual(item, needle, meter))
    }
    if (container !== null && typeof container === 'object' && Object.getPrototypeOf(container) === Object.prototype) {
      return Object.hasOwn(container, String(needle))
    }
    return fallback(needle, container, node, evaluator)
  }

/** The handler of a binary operator. Values of different kinds are unequal, not an error. */
export const binaryHandler = (op: string, meter: Meter, fallback: Fallback): BinaryHandler | undefined => {
  const calculation = arithmetic[op]
  if (calculation !== undefined) return arithmeticHandler(calculation, op, meter, fallback)
  const comparison = comparisons[op]
  if (comparison !== undefined) return comparisonHandler(comparison, meter, fallback)
  if (op === '==') return (left, right) => isEqual(left, right, meter)
  if (op === '!=') return (left, right) => !isEqual(left, right, meter)
  if (op === 'in') return memberHandler(meter, fallback)
  return undefined
}
