import type { ServerContext } from '../context.js'
import type { NewEvent } from '../log/record.js'
import { type AppendOutcome, stageAppend } from '../streams/appendEvents.js'
import type { Call } from '../wire/call.js'
import { frame } from '../wire/messageAssembler.js'
import { ProtoReader } from '../wire/protoReader.js'
import { ProtoWriter } from '../wire/protoWriter.js'
import { checkAccess } from './checkAccess.js'
import { invalidArgument, maximumAppendSizeExceeded, streamDeleted } from './errors.js'
import { readExpectedRevision, type WriteTarget, writeExpectedRevision } from './expectedRevision.js'
import type { CallHandler } from './handler.js'
import { appendSizeOf, readProposedMessage } from './proposedMessage.js'
import { readStreamIdentifier } from './streamIdentifier.js'

/** `Append`: the options, then one message per event, then one answer. */
export function createAppend(context: ServerContext): CallHandler {
  return (call) => {
    let target: WriteTarget | undefined
    const events: NewEvent[] = []
    let size = 0
    return {
      onMessage(message) {
        const reader = new ProtoReader(message)
        while (reader.next()) {
          if (reader.field === 1) target = readWriteTarget(reader.message())
          else if (reader.field === 2) {
            if (!target) throw invalidArgument('The first message of an append must be its options.')
            // The request is as long-lived as the append, so the event keeps no more than its own bytes.
            const event = readProposedMessage(new ProtoReader(Buffer.from(reader.bytes())))
            size += appendSizeOf(event)
            if (size > context.settings.maxAppendSize) throw maximumAppendSizeExceeded(context.settings.maxAppendSize)
            events.push(event)
          } else reader.skip()
        }
      },
      onEnd() {
        if (!target) throw invalidArgument('The first message of an append must be its options.')
        const whole = target
        checkAccess(context, call, 'write', whole.stream)
        void call.endConfirmed().then(() => submit(context, call, whole, events))
      },
    }
  }
}

/** Reads the options that Append, Delete and Tombstone share. */
export function readWriteTarget(reader: ProtoReader): WriteTarget {
  let stream = ''
  let expected: WriteTarget['expected'] | undefined
  while (reader.next()) {
    if (reader.field === 1) stream = readStreamIdentifier(reader.message())
    else {
      const found = readExpectedRevision(reader)
      if (found === undefined) reader.skip()
      else expected = found
    }
  }
  if (expected === undefined) throw invalidArgument('The expected revision is missing.')
  return { stream, expected }
}

function submit(context: ServerContext, call: Call, target: WriteTarget, events: NewEvent[]): void {
  let outcome: AppendOutcome | undefined
  context.writer.submit({
    stage(staging) {
      // Who gave up before it was decided gets nothing written.
      if (!call.closed) outcome = stageAppend(staging, target.stream, target.expected, events)
    },
    committed() {
      if (!outcome) return
      if (outcome.kind === 'deleted') return call.fail(streamDeleted(target.stream))
      call.write(frame(appendResponse(target, outcome)))
      call.end()
    },
    failed: (error) => call.fail(error),
  })
}

function appendResponse(target: WriteTarget, outcome: Exclude<AppendOutcome, { kind: 'deleted' }>): Buffer {
  const writer = new ProtoWriter()
  if (outcome.kind === 'written') {
    writer.message(1, (success) => {
      if (outcome.last < 0) success.empty(2)
      else success.uint(1, outcome.last)
      success.message(3, (position) => position.uint(1, outcome.position).uint(2, outcome.position))
    })
  } else {
    writer.message(2, (wrong) => {
      if (outcome.current < 0) wrong.empty(2).empty(7)
      else wrong.uint(1, outcome.current).uint(6, outcome.current)
      writeExpectedRevision(wrong, target.expected, { revision: 3, any: 4, streamExists: 5 })
      writeExpectedRevision(wrong, target.expected, { revision: 8, any: 9, streamExists: 10, noStream: 11 })
    })
  }
  return writer.finish()
}
