import type { Appended, EventToAppend, ExpectedRevision } from '../../eventStore.js'
import { decoder, finish, messageReader, newWriter, toNumber, type Writer, write } from './protobuf.js'
import { readPosition, readUuid, writeStreamIdentifier, writeUuid } from './shared.js'

export interface AppendRequest {
  /** A UUID; the answer bears it. */
  readonly correlationId: string
  readonly stream: string
  readonly events: readonly EventToAppend[]
  readonly expected: ExpectedRevision
  /** When the server gives up the append if it has not written it; to the second. */
  readonly deadline: Date
}

const writeOptions = (request: Writer, { stream, expected, deadline }: AppendRequest) =>
  write.message(request, 2, (options) => {
    writeStreamIdentifier(options, 1, stream)
    if (expected === 'none') write.empty(options, 3)
    else write.uint(options, 2, expected)
    write.message(options, 6, (timestamp) => write.uint(timestamp, 1, Math.ceil(deadline.getTime() / 1_000)))
  })

const writeEntry = (writer: Writer, key: string, value: string) =>
  write.message(writer, 2, (entry) => {
    write.text(entry, 1, key)
    write.text(entry, 2, value)
  })

const writeEvent = (request: Writer, { id, type, data, metadata }: EventToAppend) =>
  write.message(request, 3, (proposed) => {
    writeUuid(proposed, 1, id)
    writeEntry(proposed, 'type', type)
    writeEntry(proposed, 'content-type', 'application/json')
    write.text(proposed, 3, JSON.stringify(metadata))
    write.text(proposed, 4, JSON.stringify(data))
  })

/** A whole append in one message (BatchAppendReq). */
export const batchAppendRequest = (request: AppendRequest): Buffer => {
  const writer = newWriter()
  writeUuid(writer, 1, request.correlationId)
  writeOptions(writer, request)
  for (const event of request.events) writeEvent(writer, event)
  return finish(write.uint(writer, 4, 1))
}

export type AppendOutcome =
  | ({ readonly kind: 'appended' } & Appended)
  /** `actual` is null where the stream does not exist. */
  | { readonly kind: 'wrongRevision'; readonly actual: number | null }
  /** `error`: the name of the server's message, such as `event_store.client.Timeout`. */
  | { readonly kind: 'refused'; readonly error: string; readonly detail: string }

const readSuccess = messageReader(() => ({ revision: 0, position: 0n }), {
  1: (reader, success) => {
    success.revision = toNumber(reader.uint64())
  },
  3: (reader, success) => {
    success.position = readPosition(reader).commit
  },
})

/** WrongExpectedVersion: where the stream stands. */
const decodeActual = decoder(
  messageReader((): { revision: number | null } => ({ revision: null }), {
    1: (reader, actual) => {
      actual.revision = toNumber(reader.uint64())
    },
  }),
)

/** google.protobuf.Any. */
const emptyAny = (): { typeUrl: string; value: Uint8Array } => ({ typeUrl: '', value: new Uint8Array() })

const readAny = messageReader(emptyAny, {
  1: (reader, any) => {
    any.typeUrl = reader.string()
  },
  2: (reader, any) => {
    any.value = reader.bytes()
  },
})

/** google.rpc.Status; its details are one Any. */
const readStatus = messageReader(() => ({ message: '', details: emptyAny() }), {
  2: (reader, status) => {
    status.message = reader.string()
  },
  3: (reader, status) => {
    status.details = readAny(reader)
  },
})

const outcomeOf = ({ message, details }: ReturnType<typeof readStatus>): AppendOutcome => {
  const error = details.typeUrl.split('/').at(-1) ?? ''
  return error === 'event_store.client.WrongExpectedVersion'
    ? { kind: 'wrongRevision', actual: decodeActual(details.value).revision }
    : { kind: 'refused', error, detail: message }
}

interface AppendAnswer {
  correlationId: string
  outcome: AppendOutcome
}

/** BatchAppendResp. */
export const decodeBatchAppendResponse = decoder(
  messageReader<AppendAnswer>(
    () => ({ correlationId: '', outcome: { kind: 'refused', error: '', detail: 'the answer is empty' } }),
    {
      1: (reader, answer) => {
        answer.correlationId = readUuid(reader).id
      },
      2: (reader, answer) => {
        answer.outcome = outcomeOf(readStatus(reader))
      },
      3: (reader, answer) => {
        answer.outcome = { kind: 'appended', ...readSuccess(reader) }
      },
    },
  ),
)
