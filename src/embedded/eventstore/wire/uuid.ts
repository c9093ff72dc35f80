import type { ProtoReader } from './protoReader.js'
import { GrpcError, Status } from './status.js'

const CANONICAL = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Reads an `event_store.client.UUID`, in either of its forms, as a lower-case string. */
export function readUuid(reader: ProtoReader): string {
  let text = ''
  while (reader.next()) {
    if (reader.field === 1) text = readStructured(reader.message())
    else if (reader.field === 2) text = reader.string()
    else reader.skip()
  }
  if (CANONICAL.test(text)) return text
  const lower = text.toLowerCase()
  if (!CANONICAL.test(lower)) throw new GrpcError(Status.invalidArgument, 'An event id is not a UUID.')
  return lower
}

function readStructured(reader: ProtoReader): string {
  let most = 0n
  let least = 0n
  while (reader.next()) {
    if (reader.field === 1) most = reader.varint64()
    else if (reader.field === 2) least = reader.varint64()
    else reader.skip()
  }
  const hex = most.toString(16).padStart(16, '0') + least.toString(16).padStart(16, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** The most and least significant halves of a UUID string, unsigned. */
export function uuidHalves(text: string): [bigint, bigint] {
  const hex = text.replaceAll('-', '')
  return [BigInt(`0x${hex.slice(0, 16)}`), BigInt(`0x${hex.slice(16)}`)]
}
