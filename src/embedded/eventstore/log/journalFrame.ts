import { crc32 } from 'node:zlib'
import type { LogGroup, MetaWrite } from './logGroup.js'

/** Frames begin at multiples of it, so that none shares a block with one that was answered before. */
export const BLOCK = 4_096

const MAGIC = 0x65736a31
const HEADER_SIZE = 48
const REMOVED = 0xffffffff

/**
 * A frame holds one group. Header, big-endian:
 *
 *     0  magic                              28  number of the group (u48)
 *     4  crc32 of everything behind it      34  position of the first record (u48)
 *     8  id of the journal (16 bytes)       40  how many records (u32)
 *    24  length of the frame (u32)          44  how many changes of small things (u32)
 *
 * Behind it each record after its length (u32), and each change as the lengths of key (u16) and value (u32, all ones for
 * a removal), the key and the value.
 */
export function frameSize({ records, metaWrites }: LogGroup): number {
  let size = HEADER_SIZE
  for (const record of records) size += 4 + record.length
  for (const { key, value } of metaWrites) size += 6 + key.length + (value?.length ?? 0)
  return size
}

/** Bytes from the beginning of a frame of this size to that of the next. */
export const blocksOf = (size: number): number => Math.ceil(size / BLOCK) * BLOCK

/** Writes a frame to the beginning of `target`, and zeros up to the end of its last block. */
export function encodeFrame(group: LogGroup, journalId: Buffer, target: Buffer): void {
  const size = frameSize(group)
  target.writeUInt32BE(MAGIC, 0)
  target.set(journalId, 8)
  target.writeUInt32BE(size, 24)
  target.writeUIntBE(group.sequence, 28, 6)
  target.writeUIntBE(group.position, 34, 6)
  target.writeUInt32BE(group.records.length, 40)
  target.writeUInt32BE(group.metaWrites.length, 44)
  let at = HEADER_SIZE
  for (const record of group.records) {
    at = target.writeUInt32BE(record.length, at)
    target.set(record, at)
    at += record.length
  }
  for (const { key, value } of group.metaWrites) {
    at = target.writeUInt16BE(key.length, at)
    at = target.writeUInt32BE(value?.length ?? REMOVED, at)
    target.set(key, at)
    at += key.length
    if (!value) continue
    target.set(value, at)
    at += value.length
  }
  target.fill(0, at, blocksOf(size))
  target.writeUInt32BE(crc32(target.subarray(8, size)), 4)
}

/** The groups of all whole frames of a journal, in the order in which they stand, also those of earlier rounds. */
export function* groupsIn(bytes: Buffer, journalId: Buffer): Generator<LogGroup> {
  for (let at = 0; at + HEADER_SIZE <= bytes.length; ) {
    const size = wholeFrame(bytes, at, journalId)
    if (size === undefined) {
      at += BLOCK
      continue
    }
    yield decode(bytes.subarray(at, at + size))
    at += blocksOf(size)
  }
}

/** The size of the frame at `at`, when there is one and it is what was written. */
function wholeFrame(bytes: Buffer, at: number, journalId: Buffer): number | undefined {
  if (bytes.readUInt32BE(at) !== MAGIC) return undefined
  // What stands in events can't pass for a frame: no client knows the id.
  if (journalId.compare(bytes, at + 8, at + 24) !== 0) return undefined
  const size = bytes.readUInt32BE(at + 24)
  if (size < HEADER_SIZE || at + size > bytes.length) return undefined
  return bytes.readUInt32BE(at + 4) === crc32(bytes.subarray(at + 8, at + size)) ? size : undefined
}

function decode(frame: Buffer): LogGroup {
  const records: Buffer[] = []
  const metaWrites: MetaWrite[] = []
  let at = HEADER_SIZE
  const take = (length: number) => {
    at += length
    return frame.subarray(at - length, at)
  }
  for (let left = frame.readUInt32BE(40); left > 0; left--) records.push(take(take(4).readUInt32BE()))
  for (let left = frame.readUInt32BE(44); left > 0; left--) {
    const keySize = take(2).readUInt16BE()
    const valueSize = take(4).readUInt32BE()
    const key = take(keySize)
    metaWrites.push({ key, value: valueSize === REMOVED ? undefined : take(valueSize) })
  }
  return { sequence: frame.readUIntBE(28, 6), position: frame.readUIntBE(34, 6), records, metaWrites }
}
