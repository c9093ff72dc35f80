import { EventEmitter } from 'node:events'
import type { ServerHttp2Stream } from 'node:http2'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Call, createCall } from '../../../src/embedded/eventstore/wire/call.js'
import { frame, MAX_MESSAGE_SIZE, MessageAssembler } from '../../../src/embedded/eventstore/wire/messageAssembler.js'
import { ProtoReader } from '../../../src/embedded/eventstore/wire/protoReader.js'
import { ProtoWriter, varintSize } from '../../../src/embedded/eventstore/wire/protoWriter.js'
import { ResponseBatch } from '../../../src/embedded/eventstore/wire/readResponses.js'
import {
  GrpcError,
  percentEncode,
  Status,
  toGrpcError,
  trailersOf,
} from '../../../src/embedded/eventstore/wire/status.js'
import { readUuid, uuidHalves } from '../../../src/embedded/eventstore/wire/uuid.js'

test.each([
  [200, 2_115],
  [65_535, 23_893],
  [1_048_576, 65_536],
  [undefined, 23_893],
])('of a window of %s bytes, a portion is a third and a little, at most 64 KiB', (initialWindowSize, portion) => {
  const session = { remoteSettings: { initialWindowSize }, socket: {} }
  const stream = Object.assign(new EventEmitter(), { session }) as unknown as ServerHttp2Stream
  expect(createCall(stream, {}).portion).toBe(portion)
})

describe('answers to readers', () => {
  const message = (text: string) => Buffer.from(text)

  /** A call that keeps what was written and says so when it is told. */
  const callThat = () => {
    const writes: { frames: Buffer; sent: () => void }[] = []
    const call = { write: (frames: Buffer, sent: () => void) => writes.push({ frames, sent }) > 0 } as unknown as Call
    return { call, writes }
  }

  test('use a buffer again only when it was sent', () => {
    const batch = new ResponseBatch(false)
    const { call, writes } = callThat()
    for (const text of ['first', 'second']) {
      batch.addMessage(message(text))
      expect(batch.sendTo(call)).toBe(true)
      expect(batch.size).toBe(0)
    }
    writes[0]?.sent()
    batch.addMessage(message('third'))
    batch.sendTo(call)
    const [first, second, third] = writes.map(({ frames }) => frames) as [Buffer, Buffer, Buffer]
    expect(third.buffer).toBe(first.buffer)
    expect(second.buffer).not.toBe(first.buffer)
    expect(second).toEqual(frame(message('second')))
    expect(third).toEqual(frame(message('third')))
  })

  test('do not keep the buffer of a huge answer', () => {
    const batch = new ResponseBatch(false)
    const { call, writes } = callThat()
    batch.addMessage(Buffer.alloc(1024 * 1024))
    batch.sendTo(call)
    writes[0]?.sent()
    batch.addMessage(message('next'))
    batch.sendTo(call)
    expect(writes[1]?.frames.buffer.byteLength).toBeLessThan(128 * 1024)
  })
})

describe('protobuf', () => {
  test('numbers of any size come back as they were written', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (number, big) => {
        const reader = new ProtoReader(new ProtoWriter(1).uint(1, number).uint(2, big).uint(3, number).finish())
        expect(reader.next() && reader.varint()).toBe(number)
        expect(reader.next() && reader.varint64()).toBe(big)
        expect(reader.next() && reader.varint64()).toBe(BigInt(number))
        expect(reader.next()).toBe(false)
        expect(varintSize(number)).toBe(new ProtoWriter().uint(1, number).finish().length - 1)
      }),
    )
  })

  test('negative numbers come back', () => {
    const reader = new ProtoReader(new ProtoWriter().int64(1, -7n).finish())
    expect(reader.next() && reader.signed()).toBe(-7)
  })

  test('messages within messages come back, however long', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), fc.uint8Array({ maxLength: 20_000 }), (text, bytes) => {
        const written = new ProtoWriter(1).message(1, (outer) =>
          outer.message(2, (inner) => inner.string(3, text).bytes(4, bytes)).uint(5, 9),
        )
        const outer = new ProtoReader(written.finish())
        outer.next()
        const middle = outer.message()
        middle.next()
        const inner = middle.message()
        inner.next()
        expect(inner.string()).toBe(Buffer.from(text).toString())
        inner.next()
        expect(inner.bytes().equals(bytes)).toBe(true)
        middle.next()
        expect(middle.varint()).toBe(9)
      }),
    )
  })

  test('bytes of any kind end in a field, the end, or an error of the protocol', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const reader = new ProtoReader(Buffer.from(bytes))
        try {
          while (reader.next()) reader.skip()
        } catch (error) {
          expect(error).toBeInstanceOf(GrpcError)
        }
      }),
    )
  })
})

describe('framing', () => {
  test('messages come out whole, wherever their bytes are cut', () => {
    const messages = fc.array(fc.uint8Array({ maxLength: 50 }), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(messages, fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }), (sent, cuts) => {
        const bytes = Buffer.concat(sent.map((message) => frame(message)))
        const received: Buffer[] = []
        const assembler = new MessageAssembler((message) => received.push(Buffer.from(message)))
        for (let at = 0, turn = 0; at < bytes.length; turn++) {
          const size = cuts[turn % cuts.length] as number
          assembler.push(bytes.subarray(at, at + size))
          at += size
        }
        expect(received.map((message) => [...message])).toEqual(sent.map((message) => [...message]))
        expect(assembler.incomplete).toBe(false)
      }),
    )
  })

  test('a message that is too long is refused by its length alone', () => {
    const assembler = new MessageAssembler(() => undefined)
    const header = Buffer.alloc(5)
    header.writeUInt32BE(MAX_MESSAGE_SIZE + 1, 1)
    expect(() => assembler.push(header)).toThrow(/larger than the limit/)
  })
})

describe('errors', () => {
  test('keep printable messages readable and encode the rest', () => {
    expect(percentEncode('stream $all, 100%')).toBe('stream $all, 100%25')
    expect(percentEncode('Straße\n')).toBe('Stra%C3%9Fe%0A')
  })

  test('bear their own trailers, which cannot replace the status', () => {
    const error = new GrpcError(Status.notFound, 'gone', { exception: 'x', 'stream-name': '日本' })
    expect(trailersOf(error)).toEqual({
      'grpc-status': '5',
      'grpc-message': 'gone',
      exception: 'x',
      'stream-name': '%E6%97%A5%E6%9C%AC',
    })
    expect(trailersOf(undefined)).toEqual({ 'grpc-status': '0' })
    expect(toGrpcError(new RangeError('odd'))).toMatchObject({ status: Status.unknown, message: 'odd' })
  })
})

test('ids are the same in both of their forms', () => {
  fc.assert(
    fc.property(fc.uuid(), (id) => {
      const [most, least] = uuidHalves(id)
      const structured = new ProtoWriter().message(1, (halves) => halves.uint(1, most).uint(2, least)).finish()
      expect(readUuid(new ProtoReader(structured))).toBe(id)
      const text = new ProtoWriter().string(2, id.toUpperCase()).finish()
      expect(readUuid(new ProtoReader(text))).toBe(id)
    }),
  )
  expect(() => readUuid(new ProtoReader(new ProtoWriter().string(2, 'no id').finish()))).toThrow(/UUID/)
})
