import { crc32 } from 'node:zlib'
import type { LogGroup, MetaWrite } from './logGroup.js'

/** Frames begin at multiples of it, so that none shares a block with one that was answered before. */
export const BLOCK = 4_096

const MARK = Buffer.from('esj1')
const HEADER_SIZE = 48
const REMOVED = 0xffffffff

/**
 * A frame holds one group. Header, big-endian:
 *
 *     0  esj1                               28  number of the group (u48)
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
  target.set(MARK)
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

/** A frame that is not what was written: its write was cut off, or the disk has damaged it since. */
export interface BrokenFrame {
  /** Offset of its first byte. */
  readonly at: number
  /** Bytes, as its header says. */
  readonly size: number
  /** Number of its group, as its header says. */
  readonly sequence: number
}

export interface Frames {
  readonly groups: LogGroup[]
  readonly broken: BrokenFrame[]
}

/** All frames of a half of the journal, in the order in which they stand, also those of earlier rounds. */
export function readFrames(bytes: Buffer, journalId: Buffer): Frames {
  const frames: Frames = { groups: [], broken: [] }
  for (let at = 0; at + HEADER_SIZE <= bytes.length; ) {
    const size = bytes.readUInt32BE(at + 24)
    if (!bearsMarks(bytes, at, journalId)) at += BLOCK
    else if (isWhole(bytes, at, size, journalId)) {
      frames.groups.push(decode(bytes.subarray(at, at + size)))
      at += blocksOf(size)
    } else {
      frames.broken.push({ at, size, sequence: bytes.readUIntBE(at + 28, 6) })
      at += BLOCK
    }
  }
  return frames
}

/**
 * Whether a frame begins here. What stands in events can't pass for one, for no client knows the id. One damaged byte does
 * not hide the frame.
 */
function bearsMarks(bytes: Buffer, at: number, journalId: Buffer): boolean {
  let differing = 0
  for (let index = 0; index < 4; index++) if (bytes[at + index] !== MARK[index]) differing++
  for (let index = 0; index < journalId.length; index++) if (bytes[at + 8 + index] !== journalId[index]) differing++
  return differing <= 1
}

function isWhole(bytes: Buffer, at: number, size: number, journalId: Buffer): boolean {
  if (!bytes.subarray(at, at + 4).equals(MARK) || !bytes.subarray(at + 8, at + 24).equals(journalId)) return false
  if (size < HEADER_SIZE || at + size > bytes.length) return false
  return bytes.readUInt32BE(at + 4) === crc32(bytes.subarray(at + 8, at + size))
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
