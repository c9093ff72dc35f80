import { MAX_NAME_SIZE, type NewEvent } from '../log/record.js'
import type { ProtoReader } from '../wire/protoReader.js'
import { readUuid } from '../wire/uuid.js'
import { invalidArgument, missingRequiredMetadata } from './errors.js'

const EMPTY = Buffer.alloc(0)

/** Reads a `ProposedMessage`; its data stays in the buffer of the request. */
export function readProposedMessage(reader: ProtoReader): NewEvent {
  let id = ''
  let type: string | undefined
  let contentType: string | undefined
  let metadata: Buffer = EMPTY
  let data: Buffer = EMPTY
  while (reader.next()) {
    if (reader.field === 1) id = readUuid(reader.message())
    else if (reader.field === 2) {
      const [key, value] = readMapEntry(reader.message())
      if (key === 'type') type = value
      else if (key === 'content-type') contentType = value
    } else if (reader.field === 3) metadata = reader.bytes()
    else if (reader.field === 4) data = reader.bytes()
    else reader.skip()
  }
  if (id === '') throw invalidArgument('An event has no id.')
  if (type === undefined) throw missingRequiredMetadata('type')
  if (contentType === undefined) throw missingRequiredMetadata('content-type')
  if (Buffer.byteLength(type) > MAX_NAME_SIZE) throw invalidArgument(`An event type may have ${MAX_NAME_SIZE} bytes.`)
  return { id, type, isJson: contentType === 'application/json', metadata, data }
}

/** What one event counts against the limit of an append: the type counts in UTF-16. */
export function appendSizeOf(event: NewEvent): number {
  return event.data.length + event.metadata.length + 2 * event.type.length
}

function readMapEntry(reader: ProtoReader): [string, string] {
  let key = ''
  let value = ''
  while (reader.next()) {
    if (reader.field === 1) key = reader.string()
    else if (reader.field === 2) value = reader.string()
    else reader.skip()
  }
  return [key, value]
}
