import { randomUUID } from 'node:crypto'
import type { JSONEventData } from '@eventstore/db-client'
import { ProtoWriter } from '../../../src/embedded/eventstore/wire/protoWriter.js'

export type AppendCall = 'Append' | 'BatchAppend'
export type Expected = 'any' | 'no_stream'

/** The messages of one append, to be framed. With the last of them, and the end of the call for `Append`, it is whole. */
export function appendMessages(
  call: AppendCall,
  stream: string,
  events: JSONEventData[],
  expected: Expected,
): Buffer[] {
  const options = (writer: ProtoWriter) =>
    writer.message(1, (identifier) => identifier.string(3, stream)).empty(expected === 'any' ? 4 : 3)
  if (call === 'Append') {
    const messages = events.map((event) => new ProtoWriter(512).message(2, (body) => writeEvent(body, event)).finish())
    return [new ProtoWriter(512).message(1, options).finish(), ...messages]
  }
  const correlation = randomUUID()
  return events.map((event, index) => {
    const part = new ProtoWriter(512).message(1, (uuid) => uuid.string(2, correlation))
    if (index === 0) part.message(2, options)
    return part
      .message(3, (body) => writeEvent(body, event))
      .bool(4, index === events.length - 1)
      .finish()
  })
}

function writeEvent(writer: ProtoWriter, { id, type, contentType, data }: JSONEventData): void {
  writer.message(1, (uuid) => uuid.string(2, id))
  for (const [key, value] of Object.entries({ type, 'content-type': contentType })) {
    writer.message(2, (entry) => entry.string(1, key).string(2, value))
  }
  writer.bytes(4, Buffer.from(JSON.stringify(data)))
}
