import type { StoredEvent } from '../../../domain/events/recordedEvent.js'
import { messageReader, type Reader, toBigInt, toNumber } from './protobuf.js'
import { readStreamIdentifier, readUuid } from './shared.js'

/** An entry of a map<string, string>. */
const readEntry = messageReader(() => ({ key: '', value: '' }), {
  1: (reader, entry) => {
    entry.key = reader.string()
  },
  2: (reader, entry) => {
    entry.value = reader.string()
  },
})

const emptyEvent = () => ({
  id: '',
  stream: '',
  revision: 0,
  position: 0n,
  created: '',
  type: '',
  data: '',
  metadata: '',
})

/** ReadResp.ReadEvent.RecordedEvent, the same in reads and in persistent subscriptions. */
const readFields = messageReader(emptyEvent, {
  1: (reader, event) => {
    event.id = readUuid(reader).id
  },
  2: (reader, event) => {
    event.stream = readStreamIdentifier(reader).name
  },
  3: (reader, event) => {
    event.revision = toNumber(reader.uint64())
  },
  5: (reader, event) => {
    event.position = toBigInt(reader.uint64())
  },
  6: (reader, event) => {
    const { key, value } = readEntry(reader)
    if (key === 'type') event.type = value
    else if (key === 'created') event.created = value
  },
  7: (reader, event) => {
    event.metadata = reader.string()
  },
  8: (reader, event) => {
    event.data = reader.string()
  },
})

/** Text that is no JSON stays as it is: who decodes the event says what is wrong with it. */
const parsed = (json: string): unknown => {
  try {
    return JSON.parse(json)
  } catch {
    return json
  }
}

/** `created` is in ticks since 1970, ten thousand to a millisecond. */
const isoTime = (created: string): string => new Date(Number(created.slice(0, -4))).toISOString()

const toStoredEvent = (event: ReturnType<typeof emptyEvent>): StoredEvent => ({
  id: event.id,
  stream: event.stream,
  revision: event.revision,
  position: event.position,
  recordedAt: isoTime(event.created),
  type: event.type,
  data: parsed(event.data),
  metadata: parsed(event.metadata),
})

/** An event as it was recorded. */
export const readRecordedEvent = (reader: Reader): StoredEvent => toStoredEvent(readFields(reader))
