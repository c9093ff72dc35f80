import { GrpcError, Status } from './status.js'

/** Largest message that is accepted, in bytes: the limit of a real server. */
export const MAX_MESSAGE_SIZE = 16_767_216

const PREFIX = 5

/** Cuts the bytes of an HTTP/2 stream into gRPC messages (a flag byte, a 32-bit length, the message). */
export class MessageAssembler {
  private pending: Buffer[] = []
  private pendingLength = 0
  private wanted = PREFIX

  constructor(private readonly onMessage: (message: Buffer) => void) {}

  push(chunk: Buffer): void {
    if (this.pendingLength === 0) {
      this.cut(chunk)
      return
    }
    this.pending.push(chunk)
    this.pendingLength += chunk.length
    // Joining only when something whole is there copies a large message once, not once per chunk.
    if (this.pendingLength < this.wanted) return
    const joined = Buffer.concat(this.pending, this.pendingLength)
    this.pending = []
    this.pendingLength = 0
    this.cut(joined)
  }

  /** True when the stream ended inside a message. */
  get incomplete(): boolean {
    return this.pendingLength > 0
  }

  private cut(bytes: Buffer): void {
    let at = 0
    this.wanted = PREFIX
    while (bytes.length - at >= PREFIX) {
      if (bytes[at] !== 0) throw new GrpcError(Status.unimplemented, 'Compressed messages are not supported.')
      const length = bytes.readUInt32BE(at + 1)
      if (length > MAX_MESSAGE_SIZE) throw tooLarge(length)
      if (bytes.length - at < PREFIX + length) {
        this.wanted = PREFIX + length
        break
      }
      this.onMessage(bytes.subarray(at + PREFIX, at + PREFIX + length))
      at += PREFIX + length
    }
    if (at === bytes.length) return
    this.pending = [bytes.subarray(at)]
    this.pendingLength = bytes.length - at
  }
}

function tooLarge(length: number): GrpcError {
  return new GrpcError(
    Status.resourceExhausted,
    `A message of ${length} bytes is larger than the limit of ${MAX_MESSAGE_SIZE}.`,
  )
}

/** One message with its gRPC prefix. */
export function frame(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(PREFIX + message.length)
  framed[0] = 0
  framed.writeUInt32BE(message.length, 1)
  framed.set(message, PREFIX)
  return framed
}
