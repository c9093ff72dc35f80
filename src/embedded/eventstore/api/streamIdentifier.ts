import { MAX_NAME_SIZE } from '../log/record.js'
import type { ProtoReader } from '../wire/protoReader.js'
import type { ProtoWriter } from '../wire/protoWriter.js'
import { invalidArgument } from './errors.js'

/** Reads an `event_store.client.StreamIdentifier`. */
export function readStreamIdentifier(reader: ProtoReader): string {
  let name = ''
  while (reader.next()) {
    if (reader.field === 3) name = decodeName(reader.bytes())
    else reader.skip()
  }
  return name
}

export function writeStreamIdentifier(writer: ProtoWriter, field: number, name: string): void {
  writer.message(field, (identifier) => identifier.string(3, name))
}

function decodeName(bytes: Buffer): string {
  if (bytes.length > MAX_NAME_SIZE) throw invalidArgument(`A stream name may have ${MAX_NAME_SIZE} bytes.`)
  const name = bytes.toString('utf8')
  // Two names that decode alike would share a stream.
  if (name.includes('\ufffd') && !Buffer.from(name).equals(bytes)) throw invalidArgument('A stream name is not UTF-8.')
  return name
}
