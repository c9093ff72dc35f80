import type { ServerContext } from '../context.js'
import type { NewEvent } from '../log/record.js'
import { stageAppend } from '../streams/appendEvents.js'
import type { Call } from '../wire/call.js'
import { ProtoReader } from '../wire/protoReader.js'
import { GrpcError, Status, toGrpcError } from '../wire/status.js'
import { readUuid } from '../wire/uuid.js'
import { type BatchResult, encodeBatchResponse } from './batchResponse.js'
import { type BatchTarget, readBatchTarget } from './batchTarget.js'
import { callerOf, checkAccess } from './checkAccess.js'
import { invalidArgument } from './errors.js'
import type { CallHandler } from './handler.js'
import { appendSizeOf, readProposedMessage } from './proposedMessage.js'

const MAX_PENDING = 10_000
const MAX_PENDING_BYTES = 64 * 1024 * 1024

/** One append whose parts are still arriving. */
interface PendingAppend {
  readonly correlationId: string
  readonly target: BatchTarget
  readonly events: NewEvent[]
  size: number
  timer: NodeJS.Timeout | undefined
}

interface Chunk {
  correlationId: string
  target: BatchTarget | undefined
  events: NewEvent[]
  isFinal: boolean
}

/**
 * `BatchAppend`: one long stream on which many appends run interleaved. Each correlation id is answered exactly once;
 * a second answer would crash the official client.
 */
export function createBatchAppend(context: ServerContext): CallHandler {
  return (call) => {
    // Who can't say who he is gets no call, as opposed to appends that are refused one by one.
    callerOf(context, call)
    const pending = new Map<string, PendingAppend>()
    const answers = createAnswerQueue(call)
    let pendingBytes = 0
    let writing = 0
    let ended = false

    const endWhenDone = () => {
      if (ended && writing === 0 && pending.size === 0) answers.end()
    }

    const forget = (append: PendingAppend) => {
      pending.delete(append.correlationId)
      pendingBytes -= append.size
      clearTimeout(append.timer)
    }

    const answer = (append: PendingAppend, result: BatchResult) => {
      answers.push(encodeBatchResponse(append.correlationId, append.target, result))
    }

    const refuse = (append: PendingAppend, result: BatchResult) => {
      forget(append)
      answer(append, result)
      endWhenDone()
    }

    const begin = (chunk: Chunk, target: BatchTarget): PendingAppend | undefined => {
      const append: PendingAppend = {
        correlationId: chunk.correlationId,
        target,
        events: [],
        size: 0,
        timer: undefined,
      }
      const refusal = refusalOf(context, call, target, pending.size, pendingBytes)
      if (refusal) {
        answer(append, refusal)
        return undefined
      }
      pending.set(chunk.correlationId, append)
      if (!chunk.isFinal) {
        const wait = Math.min(context.settings.writeTimeout, (target.deadline ?? Infinity) - Date.now())
        append.timer = setTimeout(() => refuse(append, { kind: 'timeout' }), wait)
      }
      return append
    }

    const write = (append: PendingAppend) => {
      forget(append)
      writing++
      let result: BatchResult | undefined
      const finish = (outcome: BatchResult) => {
        writing--
        answer(append, outcome)
        endWhenDone()
      }
      context.writer.submit({
        stage(staging) {
          // Who gave up before it was decided gets nothing written.
          if (call.closed) return
          const { stream, expected, deadline } = append.target
          if (deadline !== undefined && deadline < staging.now) result = { kind: 'timeout' }
          else result = stageAppend(staging, stream, expected, append.events)
        },
        committed: () => finish(result ?? { kind: 'timeout' }),
        failed(error) {
          const { status, message } = toGrpcError(error)
          if (status === Status.unavailable) call.fail(error)
          else finish({ kind: 'unknown', message })
        },
      })
    }

    call.onClose(() => {
      for (const append of [...pending.values()]) forget(append)
    })

    return {
      onMessage(message) {
        const chunk = readChunk(message)
        // A chunk of an append that was answered already, too large or too late, is ignored.
        const begun = pending.get(chunk.correlationId)
        const append = begun ?? (chunk.target && begin(chunk, chunk.target))
        if (!append) return
        for (const event of chunk.events) {
          append.events.push(event)
          const size = appendSizeOf(event)
          append.size += size
          pendingBytes += size
        }
        if (append.size > context.settings.maxAppendSize) {
          refuse(append, { kind: 'too-large', limit: context.settings.maxAppendSize })
        } else if (chunk.isFinal) write(append)
      },
      onEnd() {
        ended = true
        for (const append of [...pending.values()]) forget(append)
        endWhenDone()
      },
    }
  }
}

function refusalOf(
  context: ServerContext,
  call: Call,
  target: BatchTarget,
  pending: number,
  pendingBytes: number,
): BatchResult | undefined {
  try {
    checkAccess(context, call, 'write', target.stream)
  } catch (error) {
    if (!(error instanceof GrpcError)) throw error
    return error.trailers.exception === 'access-denied'
      ? { kind: 'access-denied' }
      : { kind: 'unknown', message: error.message }
  }
  if (target.deadline !== undefined && target.deadline <= Date.now()) return { kind: 'timeout' }
  if (pending >= MAX_PENDING || pendingBytes >= MAX_PENDING_BYTES) {
    return { kind: 'bad-request', message: 'Too many appends of this call are waiting for their last part.' }
  }
  return undefined
}

function readChunk(message: Buffer): Chunk {
  const chunk: Chunk = { correlationId: '', target: undefined, events: [], isFinal: false }
  const reader = new ProtoReader(message)
  while (reader.next()) {
    if (reader.field === 1) chunk.correlationId = readUuid(reader.message())
    else if (reader.field === 2) chunk.target = readBatchTarget(reader.message())
    else if (reader.field === 3) chunk.events.push(readProposedMessage(reader.message()))
    else if (reader.field === 4) chunk.isFinal = reader.bool()
    else reader.skip()
  }
  if (chunk.correlationId === '') throw invalidArgument('The correlation id is missing.')
  return chunk
}

/** Sends all answers of one commit in one write. */
function createAnswerQueue(call: Call): { push(answer: Buffer): void; end(): void } {
  let queue: Buffer[] = []
  let scheduled = false
  const flush = () => {
    scheduled = false
    if (queue.length === 0) return
    call.write(queue.length === 1 ? (queue[0] as Buffer) : Buffer.concat(queue))
    queue = []
  }
  return {
    push(answer) {
      queue.push(answer)
      if (scheduled) return
      scheduled = true
      queueMicrotask(flush)
    },
    end() {
      flush()
      call.end()
    },
  }
}
