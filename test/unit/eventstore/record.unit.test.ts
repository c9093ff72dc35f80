import { createRequire } from 'node:module'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  createdOf,
  encodeRecord,
  eventIdOf,
  eventTypeOf,
  HEADER_SIZE,
  isIntact,
  isJson,
  payloadOf,
  revisionOf,
  streamIdOf,
  streamNameOf,
  TOMBSTONE_REVISION,
} from '../../../src/embedded/eventstore/log/record.js'

const { ReadResp } = createRequire(import.meta.url)('@eventstore/db-client/generated/streams_pb.js')

const event = fc.record({
  id: fc.uuid(),
  type: fc.string({ maxLength: 200, unit: 'grapheme' }),
  isJson: fc.boolean(),
  metadata: fc.uint8Array({ maxLength: 400 }),
  data: fc.uint8Array({ maxLength: 400 }),
})
const place = fc.record({
  streamId: fc.integer({ min: 1, max: 0xffffffff }),
  streamName: fc.string({ minLength: 1, maxLength: 300, unit: 'grapheme' }),
  revision: fc.nat(),
  position: fc.integer({ min: 1, max: 2 ** 40 }),
  created: fc.integer({ min: 1, max: 4e12 }),
})

test('a record tells what it was made of, and the client reads it alike', () => {
  fc.assert(
    fc.property(event, place, (given, where) => {
      const record = encodeRecord(given, where)
      expect(isIntact(record)).toBe(true)
      expect([streamIdOf(record), revisionOf(record), createdOf(record)]).toEqual([
        where.streamId,
        where.revision,
        where.created,
      ])
      expect([eventIdOf(record), isJson(record)]).toEqual([given.id, given.isJson])
      expect([streamNameOf(record), eventTypeOf(record)]).toEqual([where.streamName, given.type])
      expect([...payloadOf(record).data]).toEqual([...given.data])
      expect([...payloadOf(record).metadata]).toEqual([...given.metadata])

      const read = ReadResp.ReadEvent.RecordedEvent.deserializeBinary(record.subarray(HEADER_SIZE))
      expect(read.getId().getString()).toBe(given.id)
      expect(Buffer.from(read.getStreamIdentifier().getStreamName_asU8()).toString()).toBe(where.streamName)
      expect(read.getStreamRevision()).toBe(String(where.revision))
      expect(read.getCommitPosition()).toBe(String(where.position))
      expect(read.getMetadataMap().get('type')).toBe(given.type)
      expect(read.getMetadataMap().get('created')).toBe(`${where.created}0000`)
      expect([...read.getData_asU8()]).toEqual([...given.data])
    }),
  )
})

test('a tombstone has the largest revision on the wire', () => {
  const given = {
    id: crypto.randomUUID(),
    type: '$streamDeleted',
    isJson: false,
    metadata: Buffer.alloc(0),
    data: Buffer.alloc(0),
  }
  const record = encodeRecord(given, {
    streamId: 1,
    streamName: 's',
    revision: TOMBSTONE_REVISION,
    position: 1,
    created: 1,
  })
  const read = ReadResp.ReadEvent.RecordedEvent.deserializeBinary(record.subarray(HEADER_SIZE))
  expect(read.getStreamRevision()).toBe('9223372036854775807')
  expect(revisionOf(record)).toBe(TOMBSTONE_REVISION)
})

test('any changed byte is noticed', () => {
  const given = { id: crypto.randomUUID(), type: 'T', isJson: true, metadata: Buffer.alloc(0), data: Buffer.from('{}') }
  const record = encodeRecord(given, { streamId: 1, streamName: 's', revision: 0, position: 1, created: 1 })
  for (let at = 0; at < record.length; at++) {
    const damaged = Buffer.from(record)
    damaged[at] = (damaged[at] as number) ^ 0x10
    expect(isIntact(damaged)).toBe(false)
  }
})
