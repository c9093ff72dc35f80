import { createHash } from 'node:crypto'

/** Longest stream name that is its own key; longer ones are found by their hash. */
const LONGEST_PLAIN_NAME = 1_000

/** Keys are big-endian so that LMDB's byte order is the numeric order. */
export function positionKey(position: number, target: Buffer = Buffer.allocUnsafe(6)): Buffer {
  target.writeUIntBE(position, 0, 6)
  return target
}

/** Key of one event in the index of a stream. */
export function eventKey(streamId: number, revision: number, target: Buffer = Buffer.allocUnsafe(10)): Buffer {
  target.writeUInt32BE(streamId, 0)
  target.writeUIntBE(revision, 4, 6)
  return target
}

export function nameKey(name: string): Buffer {
  const bytes = Buffer.from(name, 'utf8')
  if (bytes.length <= LONGEST_PLAIN_NAME) return Buffer.concat([Buffer.of(1), bytes])
  return Buffer.concat([Buffer.of(2), createHash('sha256').update(bytes).digest()])
}
