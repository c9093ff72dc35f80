import { eventIdOf, HEADER_SIZE, ID_FIELD_SIZE } from '../log/record.js'
import type { Call } from './call.js'
import { ProtoWriter, varintSize, writeVarint } from './protoWriter.js'
import { uuidHalves } from './uuid.js'

/** An event on its way to a reader. */
export interface Delivery {
  readonly position: number
  /** The stored record; undefined when it is the lost target of a link. */
  readonly event: Buffer | undefined
  /** The record of the link that led to the event. */
  readonly link?: Buffer | undefined
  /** Of persistent subscriptions. */
  readonly retryCount?: number
}

const FRAME_PREFIX = 5
/** Larger buffers are not kept for the next answers. */
const MAX_KEPT = 128 * 1024
const NOTHING = Buffer.alloc(0)

/**
 * Collects the answers of a read and frames many of them into one buffer, since each write to a socket costs more than
 * encoding an event does. `ReadResp` of streams and of persistent subscriptions have the same fields here. A buffer that was
 * sent is filled again, since each new one brings the next garbage collection nearer.
 */
export class ResponseBatch {
  /** Bytes collected. */
  size = 0
  private buffer = NOTHING
  private spare = NOTHING

  constructor(
    private readonly structuredIds: boolean,
    private readonly capacity = 16_384,
  ) {}

  add(delivery: Delivery): void {
    const { position, retryCount } = delivery
    const event = delivery.event && this.structuredIds ? withStructuredId(delivery.event) : delivery.event
    const link = delivery.link && this.structuredIds ? withStructuredId(delivery.link) : delivery.link
    const retrySize = retryCount === undefined ? 0 : 1 + varintSize(retryCount)
    const bodySize = fieldSize(event) + fieldSize(link) + 1 + varintSize(position) + retrySize
    let at = this.beginFrame(1 + varintSize(bodySize) + bodySize)
    const target = this.buffer
    target[at++] = 0x0a
    at = writeVarint(target, at, bodySize)
    if (event) at = writeEvent(target, at, 0x0a, event)
    if (link) at = writeEvent(target, at, 0x12, link)
    target[at++] = 0x18
    at = writeVarint(target, at, position)
    if (retryCount !== undefined) {
      target[at++] = 0x28
      at = writeVarint(target, at, retryCount)
    }
    this.size = at
  }

  /** Adds an answer that is no event. */
  addMessage(message: Buffer): void {
    const at = this.beginFrame(message.length)
    this.buffer.set(message, at)
    this.size = at + message.length
  }

  /** All answers as one buffer; the batch is empty afterwards. */
  take(): Buffer {
    const taken = this.buffer.subarray(0, this.size)
    this.buffer = NOTHING
    this.size = 0
    return taken
  }

  /** Sends all answers. False asks to wait until the call is drained. */
  sendTo(call: Call): boolean {
    const { buffer } = this
    return call.write(this.take(), () => {
      if (buffer.length > this.spare.length && buffer.length <= MAX_KEPT) this.spare = buffer
    })
  }

  private beginFrame(length: number): number {
    const needed = this.size + FRAME_PREFIX + length
    if (needed > this.buffer.length) this.grow(needed)
    this.buffer[this.size] = 0
    this.buffer.writeUInt32BE(length, this.size + 1)
    return this.size + FRAME_PREFIX
  }

  private grow(needed: number): void {
    const isSpare = this.spare.length >= needed
    const larger = isSpare
      ? this.spare
      : Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2, this.capacity))
    if (isSpare) this.spare = NOTHING
    this.buffer.copy(larger, 0, 0, this.size)
    this.buffer = larger
  }
}

/** Length of the event as a field; records bear a header that readers do not see. */
function fieldSize(record: Buffer | undefined): number {
  if (!record) return 0
  const size = record.length - HEADER_SIZE
  return 1 + varintSize(size) + size
}

function writeEvent(target: Buffer, offset: number, tag: number, record: Buffer): number {
  target[offset] = tag
  const at = writeVarint(target, offset + 1, record.length - HEADER_SIZE)
  return at + record.copy(target, at, HEADER_SIZE)
}

function withStructuredId(record: Buffer): Buffer {
  const [most, least] = uuidHalves(eventIdOf(record))
  const id = new ProtoWriter()
  id.message(1, (uuid) => uuid.message(1, (halves) => halves.uint(1, most).uint(2, least)))
  return Buffer.concat([record.subarray(0, HEADER_SIZE), id.finish(), record.subarray(HEADER_SIZE + ID_FIELD_SIZE)])
}

export const confirmation = (id: string): Buffer => new ProtoWriter().message(2, (body) => body.string(1, id)).finish()

export const checkpoint = (position: number): Buffer =>
  new ProtoWriter().message(3, (body) => body.uint(1, position).uint(2, position)).finish()

export const streamNotFound = (stream: string): Buffer =>
  new ProtoWriter().message(4, (body) => body.message(1, (identifier) => identifier.string(3, stream))).finish()

export const caughtUp = (): Buffer => new ProtoWriter().empty(8).finish()
