import { stringify } from 'uuid'
import { messageReader, toBigInt, type Writer, write } from './protobuf.js'

/** The messages of event_store.client that others are made of. */

/** A UUID as two halves, each a big-endian integer. */
const readHalves = messageReader<Buffer>(() => Buffer.alloc(16), {
  1: (reader, bytes) => bytes.writeBigInt64BE(BigInt(reader.int64().toString()), 0),
  2: (reader, bytes) => bytes.writeBigInt64BE(BigInt(reader.int64().toString()), 8),
})

/** In either of its forms. */
export const readUuid = messageReader(() => ({ id: '' }), {
  1: (reader, uuid) => {
    uuid.id = stringify(readHalves(reader))
  },
  2: (reader, uuid) => {
    uuid.id = reader.string()
  },
})

export const writeUuid = (writer: Writer, field: number, id: string): Writer =>
  write.message(writer, field, (uuid) => write.text(uuid, 2, id))

export const readStreamIdentifier = messageReader(() => ({ name: '' }), {
  3: (reader, stream) => {
    stream.name = reader.string()
  },
})

export const writeStreamIdentifier = (writer: Writer, field: number, name: string): Writer =>
  write.message(writer, field, (stream) => write.text(stream, 3, name))

/** Of commit and prepare position, which are the same for all that was written by today's servers, the first. */
export const readPosition = messageReader(() => ({ commit: 0n }), {
  1: (reader, position) => {
    position.commit = toBigInt(reader.uint64())
  },
})
