import protobuf from 'protobufjs/minimal.js'

export type Reader = InstanceType<typeof protobuf.Reader>
export type Writer = InstanceType<typeof protobuf.Writer>
type Uint64 = ReturnType<Reader['uint64']>

/** How the fields of a message are read, by their numbers. Others are passed over. */
type Fields<Message> = Readonly<Record<number, (reader: Reader, message: Message) => void>>

/**
 * Reads one kind of message: the one whose length comes next, or the one that ends at `end`. Throws RangeError where it is cut
 * off.
 */
export const messageReader =
  <Message>(empty: () => Message, fields: Fields<Message>) =>
  (reader: Reader, end = reader.uint32() + reader.pos): Message => {
    const message = empty()
    while (reader.pos < end) {
      const tag = reader.uint32()
      const read = fields[tag >>> 3]
      if (read === undefined) reader.skipType(tag & 7)
      else read(reader, message)
    }
    return message
  }

/** The same for a message that stands alone. */
export const decoder =
  <Message>(read: (reader: Reader, end: number) => Message) =>
  (bytes: Uint8Array): Message => {
    const reader = protobuf.Reader.create(bytes)
    return read(reader, reader.len)
  }

const two32 = 4_294_967_296

/** Exact up to 2^53: revisions. */
export const toNumber = (value: Uint64): number =>
  typeof value === 'number' ? value : (value.high >>> 0) * two32 + (value.low >>> 0)

/** All 64 bits: log positions. */
export const toBigInt = (value: Uint64): bigint =>
  typeof value === 'number' || value.high >>> 21 === 0
    ? BigInt(toNumber(value))
    : (BigInt(value.high >>> 0) << 32n) | BigInt(value.low >>> 0)

export const newWriter = (): Writer => protobuf.Writer.create()

/** What was written. On Node.js it is a Buffer, which gRPC asks for. */
export const finish = (writer: Writer): Buffer => writer.finish() as Buffer

/** The tags before a varint and before what bears its length. */
const varint = (field: number): number => field << 3
const delimited = (field: number): number => (field << 3) | 2

/** Each writes one field and returns the writer. 64-bit integers above 2^53 are given as decimal text. */
export const write = {
  uint: (writer: Writer, field: number, value: number | string): Writer => writer.uint32(varint(field)).uint64(value),
  text: (writer: Writer, field: number, value: string): Writer => writer.uint32(delimited(field)).string(value),
  empty: (writer: Writer, field: number): Writer => writer.uint32(delimited(field)).uint32(0),
  message: (writer: Writer, field: number, body: (writer: Writer) => void): Writer => {
    writer.uint32(delimited(field)).fork()
    body(writer)
    return writer.ldelim()
  },
}
