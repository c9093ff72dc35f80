import { GrpcError, Status } from './status.js'

const TWO_32 = 4294967296

/** Walks the fields of one protobuf message. Every length is checked against the end of the message. */
export class ProtoReader {
  field = 0
  wireType = 0
  private position: number
  private readonly end: number

  constructor(
    readonly buffer: Buffer,
    start = 0,
    end = buffer.length,
  ) {
    this.position = start
    this.end = end
  }

  /** Steps to the next field; false at the end of the message. */
  next(): boolean {
    if (this.position >= this.end) return false
    const tag = this.varint()
    this.field = Math.floor(tag / 8)
    this.wireType = tag & 7
    if (this.field === 0) throw malformed()
    return true
  }

  /** An unsigned varint; above 2^53 the nearest double. */
  varint(): number {
    let low = 0
    let high = 0
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.position >= this.end) throw malformed()
      const byte = this.buffer[this.position++] as number
      if (shift < 28) low += (byte & 127) * 2 ** shift
      else high += (byte & 127) * 2 ** (shift - 28)
      if (byte < 128) return low + high * 268435456
    }
    throw malformed()
  }

  /** A 64-bit varint with all of its bits. */
  varint64(): bigint {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (this.position >= this.end) throw malformed()
      const byte = this.buffer[this.position++] as number
      value |= BigInt(byte & 127) << shift
      if (byte < 128) return BigInt.asUintN(64, value)
    }
    throw malformed()
  }

  /** A protobuf int32 or int64, negative values included. */
  signed(): number {
    return Number(BigInt.asIntN(64, this.varint64()))
  }

  bool(): boolean {
    return this.varint() !== 0
  }

  /** A length-delimited field, without a copy. */
  bytes(): Buffer {
    const [start, end] = this.span()
    return this.buffer.subarray(start, end)
  }

  string(): string {
    const [start, end] = this.span()
    return this.buffer.toString('utf8', start, end)
  }

  message(): ProtoReader {
    const [start, end] = this.span()
    return new ProtoReader(this.buffer, start, end)
  }

  skip(): void {
    if (this.wireType === 0) this.varint()
    else if (this.wireType === 1) this.advance(8)
    else if (this.wireType === 2) this.span()
    else if (this.wireType === 5) this.advance(4)
    else throw malformed()
  }

  private span(): [number, number] {
    if (this.wireType !== 2) throw malformed()
    const length = this.varint()
    const start = this.position
    if (length >= TWO_32) throw malformed()
    this.advance(length)
    return [start, this.position]
  }

  private advance(length: number): void {
    if (length > this.end - this.position) throw malformed()
    this.position += length
  }
}

function malformed(): GrpcError {
  return new GrpcError(Status.invalidArgument, 'The message is not valid protobuf.')
}
