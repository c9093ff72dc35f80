import persistent from '@eventstore/db-client/generated/persistent_pb.js'
import shared from '@eventstore/db-client/generated/shared_pb.js'
import status from '@eventstore/db-client/generated/status_pb.js'
import streams from '@eventstore/db-client/generated/streams_pb.js'
import fc from 'fast-check'
import any from 'google-protobuf/google/protobuf/any_pb.js'
import { v4 as uuid } from 'uuid'
import { describe, expect, it } from 'vitest'
import {
  batchAppendRequest,
  decodeBatchAppendResponse,
} from '../../../src/eventlog/eventStoreDb/messages/batchAppend.js'
import {
  ackRequest,
  decodeDelivery,
  joinRequest,
  nackRequest,
} from '../../../src/eventlog/eventStoreDb/messages/groupMessages.js'
import {
  readAllRequest,
  readStreamRequest,
  subscribeRequest,
} from '../../../src/eventlog/eventStoreDb/messages/readRequest.js'
import { decodeReadResponse } from '../../../src/eventlog/eventStoreDb/messages/readResponse.js'

/** The message classes that the official client ships are the judge of ours. */

const streamNamed = (name: string) => {
  const identifier = new shared.StreamIdentifier()
  identifier.setStreamName(Buffer.from(name).toString('base64'))
  return identifier
}
const nameOf = (identifier: InstanceType<typeof shared.StreamIdentifier> | undefined) =>
  Buffer.from(identifier?.getStreamName_asU8() ?? []).toString()
const uuidOf = (id: string) => {
  const message = new shared.UUID()
  message.setString(id)
  return message
}
const structuredUuid = (id: string) => {
  const bytes = Buffer.from(id.replaceAll('-', ''), 'hex')
  const halves = new shared.UUID.Structured()
  halves.setMostSignificantBits(bytes.readBigInt64BE(0).toString())
  halves.setLeastSignificantBits(bytes.readBigInt64BE(8).toString())
  const message = new shared.UUID()
  message.setStructured(halves)
  return message
}
const positionOf = (value: bigint) => {
  const position = new shared.AllStreamPosition()
  position.setCommitPosition(String(value))
  position.setPreparePosition(String(value))
  return position
}

const ids = fc.uuid()
const names = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
const positions = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const json = fc.jsonValue({ maxDepth: 3 })
const asJson = (value: unknown) => JSON.parse(JSON.stringify(value)) as unknown

describe('an answer of a read', () => {
  const recorded = fc.record({
    id: ids,
    structured: fc.boolean(),
    stream: names,
    revision: fc.maxSafeNat(),
    position: positions,
    type: names,
    time: fc.date({ min: new Date(0), max: new Date('2200-01-01'), noInvalidDate: true }),
    data: json,
    metadata: json,
  })

  it('gives the event as it was written, whatever it holds', () => {
    fc.assert(
      fc.property(recorded, ({ id, structured, stream, revision, position, type, time, data, metadata }) => {
        const event = new streams.ReadResp.ReadEvent.RecordedEvent()
        event.setId(structured ? structuredUuid(id) : uuidOf(id))
        event.setStreamIdentifier(streamNamed(stream))
        event.setStreamRevision(String(revision))
        event.setPreparePosition(String(position))
        event.setCommitPosition(String(position))
        event.getMetadataMap().set('type', type)
        event.getMetadataMap().set('created', `${time.getTime()}0000`)
        event.getMetadataMap().set('content-type', 'application/json')
        event.setData(Buffer.from(JSON.stringify(data)))
        event.setCustomMetadata(Buffer.from(JSON.stringify(metadata)))
        const read = new streams.ReadResp.ReadEvent()
        read.setEvent(event)
        read.setCommitPosition(String(position))
        const answer = new streams.ReadResp()
        answer.setEvent(read)
        expect(decodeReadResponse(Buffer.from(answer.serializeBinary())).item).toEqual({
          kind: 'event',
          event: {
            id,
            stream,
            revision,
            position,
            type,
            recordedAt: time.toISOString(),
            data: asJson(data),
            metadata: asJson(metadata),
          },
        })
      }),
    )
  })

  it('keeps text that is no JSON as it is', () => {
    const event = new streams.ReadResp.ReadEvent.RecordedEvent()
    event.getMetadataMap().set('created', '10000')
    event.setData(Buffer.from('3@other-stream'))
    const read = new streams.ReadResp.ReadEvent()
    read.setEvent(event)
    const answer = new streams.ReadResp()
    answer.setEvent(read)
    expect(decodeReadResponse(answer.serializeBinary()).item).toMatchObject({ event: { data: '3@other-stream' } })
  })

  it('tells checkpoints and that the subscription has caught up', () => {
    fc.assert(
      fc.property(positions, (position) => {
        const checkpoint = new streams.ReadResp.Checkpoint()
        checkpoint.setCommitPosition(String(position))
        checkpoint.setPreparePosition(String(position))
        const answer = new streams.ReadResp()
        answer.setCheckpoint(checkpoint)
        expect(decodeReadResponse(answer.serializeBinary()).item).toEqual({ kind: 'checkpoint', position })
      }),
    )
    const answer = new streams.ReadResp()
    answer.setCaughtUp(new streams.ReadResp.CaughtUp())
    expect(decodeReadResponse(answer.serializeBinary()).item).toEqual({ kind: 'caughtUp' })
  })

  it('says nothing where there is no such stream, and of a confirmation', () => {
    const notFound = new streams.ReadResp()
    const missing = new streams.ReadResp.StreamNotFound()
    missing.setStreamIdentifier(streamNamed('workflow-1'))
    notFound.setStreamNotFound(missing)
    const confirmed = new streams.ReadResp()
    confirmed.setConfirmation(new streams.ReadResp.SubscriptionConfirmation())
    for (const answer of [notFound, confirmed]) {
      expect(decodeReadResponse(answer.serializeBinary()).item).toBeUndefined()
    }
  })

  it('is an error where it is cut off', () => {
    const answer = new streams.ReadResp()
    const read = new streams.ReadResp.ReadEvent()
    const event = new streams.ReadResp.ReadEvent.RecordedEvent()
    event.setStreamIdentifier(streamNamed('workflow-1'))
    read.setEvent(event)
    answer.setEvent(read)
    const bytes = Buffer.from(answer.serializeBinary())
    expect(() => decodeReadResponse(bytes.subarray(0, -3))).toThrow(RangeError)
  })
})

describe('a request to read', () => {
  const optionsOf = (request: Buffer) => {
    const options = streams.ReadReq.deserializeBinary(request).getOptions()
    if (options === undefined) throw new Error('a request without options')
    expect(options.getUuidOption()?.hasString()).toBe(true)
    return options
  }

  it.each([
    ['the start', 'start', { start: true, end: false, revision: '0' }],
    ['the end', 'end', { start: false, end: true, revision: '0' }],
    ['a revision', 7, { start: false, end: false, revision: '7' }],
  ] as const)('names the stream and begins at %s', (_, from, { start, end, revision }) => {
    const options = optionsOf(readStreamRequest('workflow-ü', from, 'backwards', 20))
    const stream = options.getStream()
    expect(nameOf(stream?.getStreamIdentifier())).toBe('workflow-ü')
    expect([stream?.hasStart(), stream?.hasEnd(), stream?.getRevision()]).toEqual([start, end, revision])
    expect(options.getReadDirection()).toBe(streams.ReadReq.Options.ReadDirection.BACKWARDS)
    expect(options.getCount()).toBe('20')
    expect(options.hasNoFilter()).toBe(true)
  })

  it('asks for the whole log from a position of any size', () => {
    fc.assert(
      fc.property(positions, (position) => {
        const options = optionsOf(readAllRequest(position, 'forwards', Number.MAX_SAFE_INTEGER))
        expect(options.getAll()?.getPosition()?.toObject()).toEqual({
          commitPosition: String(position),
          preparePosition: String(position),
        })
        expect(options.getReadDirection()).toBe(streams.ReadReq.Options.ReadDirection.FORWARDS)
        expect(options.getCount()).toBe('9007199254740991')
      }),
    )
    expect(
      optionsOf(readAllRequest('start', 'forwards', 1))
        .getAll()
        ?.hasStart(),
    ).toBe(true)
    expect(
      optionsOf(readAllRequest('end', 'backwards', 1))
        .getAll()
        ?.hasEnd(),
    ).toBe(true)
  })

  it('subscribes with prefixes and regular checkpoints', () => {
    const options = optionsOf(subscribeRequest({ from: 'start', prefixes: ['workflow-', 'execution-'] }))
    expect(options.hasSubscription()).toBe(true)
    const filter = options.getFilter()
    expect(filter?.getStreamIdentifier()?.getPrefixList()).toEqual(['workflow-', 'execution-'])
    expect([filter?.getMax(), filter?.getCheckpointintervalmultiplier()]).toEqual([32, 1])
  })

  it('subscribes to event types where they are given', () => {
    const request = subscribeRequest({ from: 'end', prefixes: ['workflow-'], types: ['NodeAdded', 'NodeMoved'] })
    const filter = optionsOf(request).getFilter()
    expect(filter?.hasStreamIdentifier()).toBe(false)
    expect(filter?.getEventType()?.getPrefixList()).toEqual(['NodeAdded', 'NodeMoved'])
  })
})

describe('a batch append', () => {
  const appended = fc.record({ id: ids, type: names, data: json, metadata: json })

  it('holds all events, the exact revision and a deadline', () => {
    const request = fc.record({
      correlationId: ids,
      stream: names,
      events: fc.array(appended, { maxLength: 5 }),
      expected: fc.oneof(fc.constant('none' as const), fc.maxSafeNat()),
      deadline: fc.date({ min: new Date(0), max: new Date('2200-01-01'), noInvalidDate: true }),
    })
    fc.assert(
      fc.property(request, (given) => {
        const read = streams.BatchAppendReq.deserializeBinary(batchAppendRequest(given))
        const options = read.getOptions()
        expect(read.getCorrelationId()?.getString()).toBe(given.correlationId)
        expect(read.getIsFinal()).toBe(true)
        expect(nameOf(options?.getStreamIdentifier())).toBe(given.stream)
        expect(options?.hasNoStream()).toBe(given.expected === 'none')
        if (given.expected !== 'none') expect(options?.getStreamPosition()).toBe(String(given.expected))
        expect(options?.getDeadline()?.getSeconds()).toBe(Math.ceil(given.deadline.getTime() / 1_000))
        const events = read.getProposedMessagesList().map((message) => ({
          id: message.getId()?.getString(),
          type: message.getMetadataMap().get('type'),
          content: message.getMetadataMap().get('content-type'),
          data: JSON.parse(Buffer.from(message.getData_asU8()).toString()),
          metadata: JSON.parse(Buffer.from(message.getCustomMetadata_asU8()).toString()),
        }))
        expect(events).toEqual(
          given.events.map((event) => ({ ...(asJson(event) as object), content: 'application/json' })),
        )
      }),
    )
  })

  const answerWith = (fill: (answer: InstanceType<typeof streams.BatchAppendResp>) => void) => {
    const id = uuid()
    const answer = new streams.BatchAppendResp()
    answer.setCorrelationId(structuredUuid(id))
    answer.setStreamIdentifier(streamNamed('workflow-1'))
    fill(answer)
    const { correlationId, outcome } = decodeBatchAppendResponse(answer.serializeBinary())
    expect(correlationId).toBe(id)
    return outcome
  }
  const refusedWith = (name: string, message: { serializeBinary(): Uint8Array }) =>
    answerWith((answer) => {
      const details = new any.Any()
      details.pack(message.serializeBinary(), name)
      const error = new status.Status()
      error.setMessage('because')
      error.setDetails(details)
      answer.setError(error)
    })

  it('was written up to a revision and a position', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), positions, (revision, position) => {
        const outcome = answerWith((answer) => {
          const success = new streams.BatchAppendResp.Success()
          success.setCurrentRevision(String(revision))
          success.setPosition(positionOf(position))
          answer.setSuccess(success)
        })
        expect(outcome).toEqual({ kind: 'appended', revision, position })
      }),
    )
  })

  it('expected another revision', () => {
    const wrong = new shared.WrongExpectedVersion()
    wrong.setCurrentStreamRevision('12')
    wrong.setExpectedStreamPosition('3')
    expect(refusedWith('event_store.client.WrongExpectedVersion', wrong)).toEqual({ kind: 'wrongRevision', actual: 12 })
    const missing = new shared.WrongExpectedVersion()
    missing.setCurrentNoStream(new shared.Empty())
    missing.setExpectedStreamPosition('3')
    expect(refusedWith('event_store.client.WrongExpectedVersion', missing)).toEqual({
      kind: 'wrongRevision',
      actual: null,
    })
  })

  it('was refused for a reason', () => {
    expect(refusedWith('event_store.client.Timeout', new shared.Timeout())).toEqual({
      kind: 'refused',
      error: 'event_store.client.Timeout',
      detail: 'because',
    })
  })
})

describe('the messages of a consumer of a group', () => {
  const { ReadReq, ReadResp } = persistent

  it('join a group of $all with a buffer', () => {
    fc.assert(
      fc.property(names, fc.integer({ min: 1, max: 10_000 }), (group, buffer) => {
        const options = ReadReq.deserializeBinary(joinRequest(group, buffer)).getOptions()
        expect(options?.toObject()).toMatchObject({ groupName: group, bufferSize: buffer, all: {} })
        expect(options?.getUuidOption()?.hasString()).toBe(true)
        expect(options?.hasStreamIdentifier()).toBe(false)
      }),
    )
  })

  it('acknowledge any number of events', () => {
    fc.assert(
      fc.property(fc.array(ids), (some) => {
        const ack = ReadReq.deserializeBinary(ackRequest(some)).getAck()
        expect(ack?.getIdsList().map((id) => id.getString())).toEqual(some)
      }),
    )
  })

  it('hand an event back with a reason', () => {
    const action = fc.constantFrom('park' as const, 'retry' as const)
    fc.assert(
      fc.property(ids, action, names, (id, name, reason) => {
        const nack = ReadReq.deserializeBinary(nackRequest(id, name, reason)).getNack()
        expect(nack?.getIdsList().map((each) => each.getString())).toEqual([id])
        expect(nack?.getAction()).toBe(ReadReq.Nack.Action[name === 'park' ? 'PARK' : 'RETRY'])
        expect(nack?.getReason()).toBe(reason)
      }),
    )
  })

  it('tell an event and how often it was tried', () => {
    fc.assert(
      fc.property(ids, fc.option(fc.nat()), (id, tries) => {
        const event = new ReadResp.ReadEvent.RecordedEvent()
        event.setId(uuidOf(id))
        event.setStreamIdentifier(streamNamed('execution-1'))
        event.getMetadataMap().set('type', 'NodeScheduled')
        event.getMetadataMap().set('created', '10000')
        event.setData(Buffer.from('{"nodeId":"a"}'))
        const read = new ReadResp.ReadEvent()
        read.setEvent(event)
        read.setCommitPosition('7')
        if (tries === null) read.setNoRetryCount(new shared.Empty())
        else read.setRetryCount(tries)
        const answer = new ReadResp()
        answer.setEvent(read)
        expect(decodeDelivery(answer.serializeBinary())).toMatchObject({
          event: { id, stream: 'execution-1', type: 'NodeScheduled', data: { nodeId: 'a' } },
          retryCount: tries ?? 0,
        })
      }),
    )
  })

  it('confirm a subscription with no event', () => {
    const confirmation = new ReadResp.SubscriptionConfirmation()
    confirmation.setSubscriptionId('$all::g')
    const answer = new ReadResp()
    answer.setSubscriptionConfirmation(confirmation)
    expect(decodeDelivery(answer.serializeBinary()).event).toBeUndefined()
  })
})
