import type { ServerContext } from '../context.js'
import type { Staging } from '../log/staging.js'
import { type DeleteOutcome, stageDelete, stageTombstone } from '../streams/deleteStream.js'
import type { ExpectedRevision } from '../streams/expectedRevision.js'
import { ProtoReader } from '../wire/protoReader.js'
import { ProtoWriter } from '../wire/protoWriter.js'
import { readWriteTarget } from './append.js'
import { checkAccess } from './checkAccess.js'
import { invalidArgument, streamDeleted, wrongExpectedVersion } from './errors.js'
import { expectedRevisionNumber, type WriteTarget } from './expectedRevision.js'
import type { CallHandler } from './handler.js'
import { unary } from './unary.js'

export const createDelete = (context: ServerContext): CallHandler => deletion(context, stageDelete)
export const createTombstone = (context: ServerContext): CallHandler => deletion(context, stageTombstone)

function deletion(
  context: ServerContext,
  stage: (staging: Staging, stream: string, expected: ExpectedRevision) => DeleteOutcome,
): CallHandler {
  return unary(async (request, call) => {
    const target = readRequest(request)
    checkAccess(context, call, 'delete', target.stream)
    const outcome = await context.writer.write((staging) => {
      if (call.closed) throw invalidArgument('The call was cancelled.')
      return stage(staging, target.stream, target.expected)
    })
    if (outcome.kind === 'deleted') throw streamDeleted(target.stream)
    if (outcome.kind === 'wrong') {
      throw wrongExpectedVersion(target.stream, expectedRevisionNumber(target.expected), outcome.current)
    }
    const { position } = outcome
    return new ProtoWriter().message(1, (body) => body.uint(1, position).uint(2, position)).finish()
  })
}

function readRequest(request: Buffer): WriteTarget {
  const reader = new ProtoReader(request)
  while (reader.next()) {
    if (reader.field === 1) return readWriteTarget(reader.message())
    reader.skip()
  }
  throw invalidArgument('The options are missing.')
}
