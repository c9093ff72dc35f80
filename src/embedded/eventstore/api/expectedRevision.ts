import type { ExpectedRevision } from '../streams/expectedRevision.js'
import type { ProtoReader } from '../wire/protoReader.js'
import type { ProtoWriter } from '../wire/protoWriter.js'

/** What a writer addresses: the options of Append, BatchAppend, Delete and Tombstone have the same fields. */
export interface WriteTarget {
  readonly stream: string
  readonly expected: ExpectedRevision
}

/** Reads field 2 to 5, the expected revision; undefined for any other field, which stays unread. */
export function readExpectedRevision(reader: ProtoReader): ExpectedRevision | undefined {
  if (reader.field === 2) return reader.varint()
  if (reader.field < 3 || reader.field > 5) return undefined
  reader.skip()
  return reader.field === 3 ? 'no_stream' : reader.field === 4 ? 'any' : 'stream_exists'
}

/** As the deleted-stream errors print it. */
export function expectedRevisionNumber(expected: ExpectedRevision): string {
  if (typeof expected === 'number') return BigInt(expected).toString()
  return expected === 'no_stream' ? '-1' : expected === 'any' ? '-2' : '-4'
}

interface ExpectedFields {
  readonly revision: number
  readonly any: number
  readonly streamExists: number
  /** Not there in the form of version 20.6, which older clients read. */
  readonly noStream?: number
}

export function writeExpectedRevision(writer: ProtoWriter, expected: ExpectedRevision, fields: ExpectedFields): void {
  if (typeof expected === 'number') writer.uint(fields.revision, BigInt(expected))
  else if (expected === 'any') writer.empty(fields.any)
  else if (expected === 'stream_exists') writer.empty(fields.streamExists)
  else if (fields.noStream !== undefined) writer.empty(fields.noStream)
}
