import type { AppendOutcome } from '../streams/appendEvents.js'
import { frame } from '../wire/messageAssembler.js'
import { ProtoWriter } from '../wire/protoWriter.js'
import { Status, type StatusCode } from '../wire/status.js'
import { type WriteTarget, writeExpectedRevision } from './expectedRevision.js'
import { writeStreamIdentifier } from './streamIdentifier.js'

export type BatchResult =
  | AppendOutcome
  | { readonly kind: 'timeout' }
  | { readonly kind: 'access-denied' }
  | { readonly kind: 'too-large'; readonly limit: number }
  | { readonly kind: 'bad-request'; readonly message: string }
  | { readonly kind: 'unknown'; readonly message: string }

type Failure = Exclude<BatchResult, { kind: 'written' }>

/** Encodes and frames one `BatchAppendResp`. */
export function encodeBatchResponse(correlationId: string, target: WriteTarget, result: BatchResult): Buffer {
  const writer = new ProtoWriter(192)
  writer.message(1, (id) => id.string(2, correlationId))
  if (result.kind === 'written') {
    writer.message(3, (success) => {
      if (result.last < 0) success.empty(2)
      else success.uint(1, result.last)
      success.message(3, (position) => position.uint(1, result.position).uint(2, result.position))
    })
  } else writer.message(2, (status) => writeFailure(status, target, result))
  writeStreamIdentifier(writer, 4, target.stream)
  writeExpectedRevision(writer, target.expected, { revision: 5, noStream: 6, any: 7, streamExists: 8 })
  return frame(writer.finish())
}

/** A `google.rpc.Status` whose details are one `Any`. */
function writeFailure(status: ProtoWriter, target: WriteTarget, failure: Failure): void {
  const { code, type, message } = describe(failure)
  status.uint(1, code).string(2, message)
  status.message(3, (any) => {
    any.string(1, `type.googleapis.com/${type}`)
    any.message(2, (detail) => writeDetail(detail, target, failure))
  })
}

function describe(failure: Failure): { code: StatusCode; type: string; message: string } {
  switch (failure.kind) {
    case 'wrong':
      return {
        code: Status.alreadyExists,
        type: 'event_store.client.WrongExpectedVersion',
        message: 'Wrong expected version.',
      }
    case 'deleted':
      return { code: Status.notFound, type: 'event_store.client.StreamDeleted', message: 'The stream is deleted.' }
    case 'timeout':
      return { code: Status.deadlineExceeded, type: 'event_store.client.Timeout', message: 'Timeout' }
    case 'access-denied':
      return { code: Status.permissionDenied, type: 'event_store.client.AccessDenied', message: 'Access Denied' }
    case 'too-large':
      return {
        code: Status.invalidArgument,
        type: 'event_store.client.MaximumAppendSizeExceeded',
        message: 'Maximum Append Size Exceeded',
      }
    case 'bad-request':
      return { code: Status.invalidArgument, type: 'event_store.client.BadRequest', message: failure.message }
    case 'unknown':
      // Of `event_store.client.Unknown` the official client shows no message; of what it does not know it does.
      return { code: Status.unknown, type: 'google.protobuf.StringValue', message: failure.message }
  }
}

function writeDetail(detail: ProtoWriter, target: WriteTarget, failure: Failure): void {
  if (failure.kind === 'wrong') {
    if (failure.current < 0) detail.empty(2)
    else detail.uint(1, failure.current)
    writeExpectedRevision(detail, target.expected, { revision: 3, any: 4, streamExists: 5, noStream: 6 })
  } else if (failure.kind === 'deleted') writeStreamIdentifier(detail, 1, target.stream)
  else if (failure.kind === 'too-large') detail.uint(1, failure.limit)
  else if (failure.kind === 'bad-request' || failure.kind === 'unknown') detail.string(1, failure.message)
}
