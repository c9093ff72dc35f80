import { Duplex } from 'node:stream'
import shared from '@eventstore/db-client/generated/shared_pb.js'
import status from '@eventstore/db-client/generated/status_pb.js'
import streams from '@eventstore/db-client/generated/streams_pb.js'
import any from 'google-protobuf/google/protobuf/any_pb.js'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { LogUnavailable } from '../../../src/eventlog/eventStore.js'
import { createBatchAppender } from '../../../src/eventlog/eventStoreDb/batchAppender.js'
import type { DuplexCall } from '../../../src/eventlog/eventStoreDb/logCalls.js'

/** A server's end of one call: what was asked, and a way to answer or break it. */
const openCall = () => {
  const asked: InstanceType<typeof streams.BatchAppendReq>[] = []
  const call = new Duplex({
    readableObjectMode: true,
    writableObjectMode: true,
    read: () => undefined,
    write: (bytes: Buffer, _, done) => {
      asked.push(streams.BatchAppendReq.deserializeBinary(bytes))
      done()
    },
  }) as DuplexCall
  call.cancel = () => undefined
  const answer = (index: number, fill: (answer: InstanceType<typeof streams.BatchAppendResp>) => void) => {
    const message = new streams.BatchAppendResp()
    message.setCorrelationId(asked[index]?.getCorrelationId())
    fill(message)
    call.push(Buffer.from(message.serializeBinary()))
  }
  const written = (index: number, revision: number) =>
    answer(index, (message) => {
      const success = new streams.BatchAppendResp.Success()
      success.setCurrentRevision(String(revision))
      const position = new shared.AllStreamPosition()
      position.setCommitPosition('99')
      success.setPosition(position)
      message.setSuccess(success)
    })
  return { call, asked, answer, written }
}

const unavailable = Object.assign(new Error('14 UNAVAILABLE: connection dropped'), { code: 14 })
const event = { id: '5f2f6b1e-0f0b-4f7c-9a53-0d6b3b1b7a10', type: 'NodeMoved', data: {}, metadata: {} }

const appender = (...opened: (ReturnType<typeof openCall> | Error)[]) => {
  const calls = [...opened]
  return createBatchAppender({
    batchAppend: async () => {
      const next = calls.shift()
      if (next === undefined || next instanceof Error) throw next ?? new Error('no more calls')
      return next.call
    },
  })
}
const asked = (server: ReturnType<typeof openCall>, count: number) =>
  vi.waitFor(() => expect(server.asked).toHaveLength(count))

describe('appending over one call', () => {
  afterEach(() => vi.useRealTimers())

  it('gives each append its own answer, in whatever order they come', async () => {
    const server = openCall()
    const append = appender(server)
    const first = append('workflow-1', [event], 'none')
    const second = append('workflow-2', [event], 4)
    await asked(server, 2)
    server.written(1, 5)
    server.written(0, 0)
    expect(await Promise.all([first, second])).toEqual([
      { revision: 0, position: 99n },
      { revision: 5, position: 99n },
    ])
  })

  it('leaves every append on a call that breaks with an unknown outcome, and opens another for the next', async () => {
    const [broken, next] = [openCall(), openCall()]
    const append = appender(broken, next)
    const lost = [append('workflow-1', [event], 'none'), append('workflow-2', [event], 'none')]
    await asked(broken, 2)
    const outcomes = Promise.allSettled(lost)
    broken.call.destroy(unavailable)
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(LogUnavailable) })
    }
    const again = append('workflow-1', [event], 'none')
    await asked(next, 1)
    next.written(0, 0)
    expect(await again).toEqual({ revision: 0, position: 99n })
  })

  it('treats a call that the server ends like one that breaks', async () => {
    const server = openCall()
    const lost = appender(server)('workflow-1', [event], 'none')
    await asked(server, 1)
    server.call.push(null)
    await expect(lost).rejects.toBeInstanceOf(LogUnavailable)
  })

  it('says that the log can not be reached where no call can be opened, and tries again at the next append', async () => {
    const server = openCall()
    const append = appender(new Error('no node of the cluster answers'), server)
    await expect(append('workflow-1', [event], 'none')).rejects.toBeInstanceOf(LogUnavailable)
    const again = append('workflow-1', [event], 'none')
    await asked(server, 1)
    server.written(0, 3)
    expect(await again).toEqual({ revision: 3, position: 99n })
  })

  it('treats an append without an answer as of unknown outcome, and ignores an answer that comes later', async () => {
    const server = openCall()
    const append = appender(server)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const slow = append('workflow-1', [event], 'none').catch((error: unknown) => error)
    await vi.advanceTimersByTimeAsync(15_000)
    expect(await slow).toBeInstanceOf(LogUnavailable)
    vi.useRealTimers()
    server.written(0, 0)
    const next = append('workflow-2', [event], 'none')
    await asked(server, 2)
    server.written(1, 7)
    expect(await next).toEqual({ revision: 7, position: 99n })
  })

  it.each([
    ['event_store.client.Timeout', new shared.Timeout(), LogUnavailable],
    ['event_store.client.AccessDenied', new shared.AccessDenied(), Error],
  ])('makes an error of %s', async (name, message, kind) => {
    const server = openCall()
    const refused = appender(server)('workflow-1', [event], 'none')
    await asked(server, 1)
    server.answer(0, (answer) => {
      const details = new any.Any()
      details.pack(message.serializeBinary(), name)
      const error = new status.Status()
      error.setDetails(details)
      answer.setError(error)
    })
    const reason = await refused.catch((error: unknown) => error)
    expect(reason).toBeInstanceOf(kind)
    expect(reason instanceof LogUnavailable).toBe(kind === LogUnavailable)
  })
})
