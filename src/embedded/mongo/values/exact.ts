import { type Binary, type Decimal128, Long, type Timestamp } from 'bson'

/**
 * Values that JavaScript's own types can't hold, as mingo can compare them: it tells types apart by the constructor's name,
 * orders "numbers" by `<` (so by `valueOf`) and everything else by `toString`. The value itself stays as it came.
 */
abstract class Exact {
  abstract readonly bson: () => Long | Decimal128 | Timestamp | Binary
}

/** A 64-bit integer beyond the safe range of a double. */
export class ExactLong extends Exact {
  readonly #value: bigint
  constructor(value: bigint) {
    super()
    this.#value = value
  }
  readonly bson = (): Long => Long.fromBigInt(this.#value)
  override readonly valueOf = (): bigint => this.#value
  override readonly toString = (): string => `${this.#value}`
}

/** A decimal. Its order among other numbers is that of the nearest double. */
export class ExactDecimal extends Exact {
  readonly #value: Decimal128
  constructor(value: Decimal128) {
    super()
    this.#value = value
  }
  readonly bson = (): Decimal128 => this.#value
  override readonly valueOf = (): number => Number(this.#value.toString())
  override readonly toString = (): string => canonicalDecimal(this.#value.toString())
}

export class ExactTimestamp extends Exact {
  readonly #value: Timestamp
  constructor(value: Timestamp) {
    super()
    this.#value = value
  }
  readonly bson = (): Timestamp => this.#value
  override readonly toString = (): string => this.#value.toBigInt().toString(16).padStart(16, '0')
}

/** Ordered by length, then subtype, then bytes, as MongoDB does. */
export class ExactBinary extends Exact {
  readonly #value: Binary
  constructor(value: Binary) {
    super()
    this.#value = value
  }
  readonly bson = (): Binary => this.#value
  readonly bytes = (): Uint8Array => this.#value.buffer.subarray(0, this.#value.position)
  readonly subtype = (): number => this.#value.sub_type
  override readonly toString = (): string => {
    const head = this.#value.position.toString(16).padStart(8, '0') + this.subtype().toString(16).padStart(2, '0')
    return head + Buffer.from(this.bytes()).toString('hex')
  }
}

for (const [type, name] of [
  [ExactLong, 'number'],
  [ExactDecimal, 'number'],
  [ExactTimestamp, 'timestamp'],
  [ExactBinary, 'binary'],
] as const) {
  Object.defineProperty(type, 'name', { value: name })
}

export const isExact = (value: unknown): value is ExactLong | ExactDecimal | ExactTimestamp | ExactBinary =>
  value instanceof Exact

/** `1.50E+1`, `15.0` and `15` are one number: digits without outer zeros, and their exponent. */
export const canonicalDecimal = (text: string): string => {
  const parts = /^(-?)(\d*)\.?(\d*)(?:E([+-]?\d+))?$/i.exec(text)
  if (parts === null) return text
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = parts
  const digits = (whole + fraction).replace(/^0+/, '')
  const trimmed = digits.replace(/0+$/, '')
  if (trimmed === '') return '0'
  return `${sign}${trimmed}E${Number(exponent) - fraction.length + digits.length - trimmed.length}`
}
