/**
 * `{ cursor: { <batchName>: [documents], id, ns }, ok: 1 }` around documents that are BSON already, so that reading them out costs
 * no decoding.
 */
export const cursorReply = (
  batchName: 'firstBatch' | 'nextBatch',
  documents: readonly Buffer[],
  id: bigint,
  namespace: string,
): Buffer => {
  const batch = documentOf(documents.flatMap((document, index) => [element(0x03, `${index}`), document]))
  const cursor = documentOf([
    element(0x04, batchName),
    batch,
    element(0x12, 'id'),
    int64(id),
    element(0x02, 'ns'),
    text(namespace),
  ])
  return documentOf([element(0x03, 'cursor'), cursor, element(0x01, 'ok'), ONE])
}

const ONE = Buffer.alloc(8)
ONE.writeDoubleLE(1)

const element = (type: number, name: string): Buffer => Buffer.from(`${String.fromCharCode(type)}${name}\0`)

const int64 = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64LE(value)
  return bytes
}

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(value)
  return bytes
}

const text = (value: string): Buffer => {
  const bytes = Buffer.from(`${value}\0`)
  return Buffer.concat([int32(bytes.length), bytes])
}

const documentOf = (parts: readonly Buffer[]): Buffer => {
  const length = parts.reduce((sum, part) => sum + part.length, 5)
  return Buffer.concat([int32(length), ...parts, Buffer.of(0)], length)
}
