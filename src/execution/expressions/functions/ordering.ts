import { chargeText, type Meter } from '../meter.js'
import { failed } from './functionSpec.js'

export type Ordered = number | bigint | string | boolean | Date

export const isOrdered = (value: unknown): value is Ordered =>
  ['number', 'bigint', 'string', 'boolean'].includes(typeof value) || value instanceof Date

const kindOf = (value: Ordered): string => {
  const kind = typeof value
  return kind === 'bigint' ? 'number' : kind
}

/** Below, equal or above zero. Numbers with numbers, texts (by code units) with texts; anything else is an error. */
export const compareKeys = (left: unknown, right: unknown, meter?: Meter): number => {
  if (!isOrdered(left) || !isOrdered(right) || kindOf(left) !== kindOf(right)) {
    throw failed('only numbers with numbers and texts with texts can be put in order')
  }
  if (meter !== undefined && typeof left === 'string' && typeof right === 'string') {
    chargeText(meter, Math.min(left.length, right.length))
  }
  if (left < right) return -1
  return left > right ? 1 : 0
}
