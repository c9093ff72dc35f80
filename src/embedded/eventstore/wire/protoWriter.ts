/** Builds one protobuf message in a growing buffer. Fields are written in the order of the calls. */
export class ProtoWriter {
  private buffer: Buffer
  private length = 0

  constructor(capacity = 128) {
    this.buffer = Buffer.allocUnsafe(capacity)
  }

  uint(field: number, value: number | bigint): this {
    this.reserve(20)
    this.raw(field * 8)
    this.raw(value)
    return this
  }

  /** A signed 64-bit integer in plain (not zigzag) form. */
  int64(field: number, value: bigint): this {
    return this.uint(field, BigInt.asUintN(64, value))
  }

  bool(field: number, value: boolean): this {
    return value ? this.uint(field, 1) : this
  }

  bytes(field: number, value: Uint8Array): this {
    this.reserve(20 + value.length)
    this.raw(field * 8 + 2)
    this.raw(value.length)
    this.buffer.set(value, this.length)
    this.length += value.length
    return this
  }

  string(field: number, value: string): this {
    const size = Buffer.byteLength(value)
    this.reserve(20 + size)
    this.raw(field * 8 + 2)
    this.raw(size)
    this.buffer.write(value, this.length, 'utf8')
    this.length += size
    return this
  }

  message(field: number, body: (writer: ProtoWriter) => void): this {
    this.reserve(20)
    this.raw(field * 8 + 2)
    const lengthAt = this.length++
    body(this)
    const size = this.length - lengthAt - 1
    const extra = varintSize(size) - 1
    if (extra > 0) {
      this.reserve(extra)
      this.buffer.copyWithin(lengthAt + 1 + extra, lengthAt + 1, this.length)
    }
    writeVarint(this.buffer, lengthAt, size)
    this.length += extra
    return this
  }

  empty(field: number): this {
    this.reserve(20)
    this.raw(field * 8 + 2)
    this.buffer[this.length++] = 0
    return this
  }

  finish(): Buffer {
    return this.buffer.subarray(0, this.length)
  }

  private raw(value: number | bigint): void {
    if (typeof value === 'number') this.length = writeVarint(this.buffer, this.length, value)
    else this.length = writeVarint64(this.buffer, this.length, value)
  }

  private reserve(extra: number): void {
    if (this.length + extra <= this.buffer.length) return
    const grown = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.length + extra))
    this.buffer.copy(grown, 0, 0, this.length)
    this.buffer = grown
  }
}

/** Bytes that `value`, an integer of at most 2^53, takes as a varint. */
export function varintSize(value: number): number {
  let size = 1
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size++
  return size
}

/** Writes an integer of at most 2^53 and returns the offset behind it. */
export function writeVarint(target: Buffer, offset: number, value: number): number {
  let at = offset
  let rest = value
  while (rest >= 128) {
    target[at++] = (rest % 128) | 128
    rest = Math.floor(rest / 128)
  }
  target[at++] = rest
  return at
}

export function writeVarint64(target: Buffer, offset: number, value: bigint): number {
  let at = offset
  let rest = value
  while (rest >= 128n) {
    target[at++] = Number(rest & 127n) | 128
    rest >>= 7n
  }
  target[at++] = Number(rest)
  return at
}
