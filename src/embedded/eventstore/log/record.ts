import { crc32 } from 'node:zlib'
import { varintSize, writeVarint } from '../wire/protoWriter.js'

/**
 * A stored record is a fixed header followed by the event as the wire wants it (an encoded `RecordedEvent`), so that
 * a read copies bytes and encodes nothing. Header, big-endian:
 *
 *     0  crc32 of everything behind it      20  flags
 *     4  stream number (u32)                21  offset of the stream name in the event (u8)
 *     8  revision (u48)                     22  length of the stream name (u16)
 *    14  created, ms since the epoch (u48)  24  offset of the event type (u16)
 *                                           26  length of the event type (u16)
 */
export const HEADER_SIZE = 28
/** The event starts with its id: two tags, two lengths and 36 characters. */
export const ID_FIELD_SIZE = 40
/** How the revision of a tombstone is stored; on the wire it is 2^63 - 1. */
export const TOMBSTONE_REVISION = 0xffffffffffff
/** Longest stream name and longest event type, in bytes of UTF-8. */
export const MAX_NAME_SIZE = 32_000

const TOMBSTONE_VARINT = Buffer.from('ffffffffffffffff7f', 'hex')
const JSON_FLAG = 1
const EMPTY = Buffer.alloc(0)

export interface NewEvent {
  /** Lower-case UUID. */
  readonly id: string
  readonly type: string
  readonly isJson: boolean
  readonly metadata: Uint8Array
  readonly data: Uint8Array
}

interface Placement {
  readonly streamId: number
  readonly streamName: string
  readonly revision: number
  readonly position: number
  /** Milliseconds since the Unix epoch. */
  readonly created: number
}

export function encodeRecord(event: NewEvent, place: Placement): Buffer {
  const nameSize = Buffer.byteLength(place.streamName)
  const typeSize = Buffer.byteLength(event.type)
  const contentType = event.isJson ? 'application/json' : 'application/octet-stream'
  const created = `${place.created}0000`
  const nameField = 1 + varintSize(nameSize) + nameSize
  const revisionSize = place.revision === TOMBSTONE_REVISION ? TOMBSTONE_VARINT.length : varintSize(place.revision)
  const positionSize = varintSize(place.position)
  const size =
    HEADER_SIZE +
    ID_FIELD_SIZE +
    (1 + varintSize(nameField) + nameField) +
    entrySize(4, typeSize) +
    entrySize(12, contentType.length) +
    entrySize(7, created.length) +
    (1 + revisionSize) +
    2 * (1 + positionSize) +
    bytesSize(event.metadata.length) +
    bytesSize(event.data.length)

  const record = Buffer.allocUnsafe(size)
  let at = HEADER_SIZE
  record[at++] = 0x0a
  record[at++] = 38
  record[at++] = 0x12
  record[at++] = 36
  at += record.write(event.id, at, 36, 'latin1')

  record[at++] = 0x12
  at = writeVarint(record, at, nameField)
  record[at++] = 0x1a
  at = writeVarint(record, at, nameSize)
  const nameAt = at
  at += record.write(place.streamName, at, nameSize, 'utf8')

  at = writeEntry(record, at, 'type', typeSize)
  const typeAt = at
  at += record.write(event.type, at, typeSize, 'utf8')
  at = writeEntry(record, at, 'content-type', contentType.length)
  at += record.write(contentType, at, contentType.length, 'latin1')
  at = writeEntry(record, at, 'created', created.length)
  at += record.write(created, at, created.length, 'latin1')

  record[at++] = 0x18
  if (place.revision === TOMBSTONE_REVISION) {
    record.set(TOMBSTONE_VARINT, at)
    at += TOMBSTONE_VARINT.length
  } else at = writeVarint(record, at, place.revision)
  record[at++] = 0x20
  at = writeVarint(record, at, place.position)
  record[at++] = 0x28
  at = writeVarint(record, at, place.position)
  at = writeBytes(record, at, 0x3a, event.metadata)
  writeBytes(record, at, 0x42, event.data)

  record.writeUInt32BE(place.streamId, 4)
  record.writeUIntBE(place.revision, 8, 6)
  record.writeUIntBE(place.created, 14, 6)
  record[20] = event.isJson ? JSON_FLAG : 0
  record[21] = nameAt - HEADER_SIZE
  record.writeUInt16BE(nameSize, 22)
  record.writeUInt16BE(typeAt - HEADER_SIZE, 24)
  record.writeUInt16BE(typeSize, 26)
  record.writeUInt32BE(crc32(record.subarray(4)), 0)
  return record
}

export const streamIdOf = (record: Buffer): number => record.readUInt32BE(4)
export const revisionOf = (record: Buffer): number => record.readUIntBE(8, 6)
export const createdOf = (record: Buffer): number => record.readUIntBE(14, 6)
export const isJson = (record: Buffer): boolean => ((record[20] as number) & JSON_FLAG) !== 0
export const eventIdOf = (record: Buffer): string =>
  record.toString('latin1', HEADER_SIZE + 4, HEADER_SIZE + ID_FIELD_SIZE)

export function streamNameOf(record: Buffer): string {
  const start = HEADER_SIZE + (record[21] as number)
  return record.toString('utf8', start, start + record.readUInt16BE(22))
}

export function eventTypeOf(record: Buffer): string {
  const start = HEADER_SIZE + record.readUInt16BE(24)
  return record.toString('utf8', start, start + record.readUInt16BE(26))
}

/** Whether the record still is what was written. */
export function isIntact(record: Buffer): boolean {
  return record.length > HEADER_SIZE + ID_FIELD_SIZE && record.readUInt32BE(0) === crc32(record.subarray(4))
}

/** The data and the metadata of the event, without a copy. */
export function payloadOf(record: Buffer): { metadata: Buffer; data: Buffer } {
  let at = HEADER_SIZE + record.readUInt16BE(24) + record.readUInt16BE(26)
  let metadata: Buffer = EMPTY
  let data: Buffer = EMPTY
  while (at < record.length) {
    const tag = record[at++] as number
    const [value, next] = readVarintAt(record, at)
    if ((tag & 7) === 0) {
      at = next
      continue
    }
    if (tag === 0x3a) metadata = record.subarray(next, next + value)
    else if (tag === 0x42) data = record.subarray(next, next + value)
    at = next + value
  }
  return { metadata, data }
}

function readVarintAt(buffer: Buffer, offset: number): [number, number] {
  let at = offset
  let value = 0
  for (let scale = 1; ; scale *= 128) {
    const byte = buffer[at++] as number
    value += (byte & 127) * scale
    if (byte < 128) return [value, at]
  }
}

/** Size of one entry of the metadata map whose key is shorter than 128 bytes. */
function entrySize(keySize: number, valueSize: number): number {
  const body = 2 + keySize + 1 + varintSize(valueSize) + valueSize
  return 1 + varintSize(body) + body
}

/** Writes a map entry up to its value and returns where the value goes. */
function writeEntry(record: Buffer, offset: number, key: string, valueSize: number): number {
  let at = offset
  record[at++] = 0x32
  at = writeVarint(record, at, 2 + key.length + 1 + varintSize(valueSize) + valueSize)
  record[at++] = 0x0a
  record[at++] = key.length
  at += record.write(key, at, key.length, 'latin1')
  record[at++] = 0x12
  return writeVarint(record, at, valueSize)
}

function bytesSize(length: number): number {
  return length === 0 ? 0 : 1 + varintSize(length) + length
}

function writeBytes(record: Buffer, offset: number, tag: number, value: Uint8Array): number {
  if (value.length === 0) return offset
  record[offset] = tag
  const at = writeVarint(record, offset + 1, value.length)
  record.set(value, at)
  return at + value.length
}
