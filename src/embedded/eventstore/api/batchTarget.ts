import type { ProtoReader } from '../wire/protoReader.js'
import { invalidArgument } from './errors.js'
import { readExpectedRevision, type WriteTarget } from './expectedRevision.js'
import { readStreamIdentifier } from './streamIdentifier.js'

export interface BatchTarget extends WriteTarget {
  /** Milliseconds since the epoch. */
  readonly deadline: number | undefined
}

/** Reads `BatchAppendReq.Options`; newer clients send the deadline as a duration. */
export function readBatchTarget(reader: ProtoReader): BatchTarget {
  let stream = ''
  let expected: WriteTarget['expected'] | undefined
  let deadline: number | undefined
  while (reader.next()) {
    if (reader.field === 1) stream = readStreamIdentifier(reader.message())
    else if (reader.field === 6) deadline = readTime(reader.message())
    else if (reader.field === 7) deadline = Date.now() + readTime(reader.message())
    else {
      const found = readExpectedRevision(reader)
      if (found === undefined) reader.skip()
      else expected = found
    }
  }
  if (expected === undefined) throw invalidArgument('The expected revision is missing.')
  return { stream, expected, deadline }
}

/** A `google.protobuf.Timestamp` or `Duration`, in ms. */
function readTime(reader: ProtoReader): number {
  let milliseconds = 0
  while (reader.next()) {
    if (reader.field === 1) milliseconds += reader.signed() * 1_000
    else if (reader.field === 2) milliseconds += reader.signed() / 1_000_000
    else reader.skip()
  }
  return milliseconds
}
