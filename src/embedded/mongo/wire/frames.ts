import { announcedLength, ProtocolError } from './message.js'

export interface Frames {
  /** The messages that are complete with `chunk`. */
  add(chunk: Buffer): Iterable<Buffer>
  /** Gives back what this connection holds. */
  release(): void
}

/** Of all connections together: what half-sent messages may hold, three of the largest. */
const MOST_PENDING_BYTES = 144_000_000
let pendingBytes = 0

/** Cuts a stream of bytes into messages. What a message announces is not believed before it comes: only what came is held. */
export const createFrames = (): Frames => {
  let chunks: Buffer[] = []
  let held = 0
  const hold = (bytes: number): void => {
    pendingBytes += bytes - held
    held = bytes
    if (pendingBytes > MOST_PENDING_BYTES) throw new ProtocolError('too many unfinished messages')
  }
  return {
    *add(chunk) {
      chunks.push(chunk)
      let available = chunks.reduce((sum, part) => sum + part.length, 0)
      while (available >= 4) {
        const [first] = chunks
        if (first === undefined) break
        if (first.length < 4) chunks = [Buffer.concat(chunks)]
        const length = announcedLength(chunks[0] ?? first)
        if (available < length) break
        const all = chunks.length === 1 ? (chunks[0] ?? first) : Buffer.concat(chunks)
        const rest = all.subarray(length)
        chunks = rest.length === 0 ? [] : [rest]
        available = rest.length
        hold(available)
        yield all.subarray(0, length)
      }
      hold(available)
    },
    release: () => {
      chunks = []
      pendingBytes -= held
      held = 0
    },
  }
}
