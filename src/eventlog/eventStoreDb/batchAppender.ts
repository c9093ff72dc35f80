import { randomUUID } from 'node:crypto'
import {
  type Appended,
  type EventToAppend,
  type ExpectedRevision,
  LogUnavailable,
  WrongRevision,
} from '../eventStore.js'
import { asLogError } from './errors.js'
import type { DuplexCall, LogCalls } from './logCalls.js'
import { type AppendOutcome, batchAppendRequest, decodeBatchAppendResponse } from './messages/batchAppend.js'

/** The server gives an append up after so long; we treat its outcome as unknown some seconds later. In milliseconds. */
const serverTimeoutMs = 10_000
const answerTimeoutMs = 15_000

interface Pending {
  readonly stream: string
  readonly timer: NodeJS.Timeout
  readonly resolve: (appended: Appended) => void
  readonly reject: (error: unknown) => void
}

/** One stream of appends, and those on it that have no answer yet. */
interface OpenCall {
  readonly call: DuplexCall
  readonly pending: Map<string, Pending>
}

/** The server answers so when it could not write in time; whether it did is unknown. */
const timedOut = 'event_store.client.Timeout'

const settle = ({ stream, resolve, reject }: Pending, outcome: AppendOutcome): void => {
  if (outcome.kind === 'appended') resolve({ revision: outcome.revision, position: outcome.position })
  else if (outcome.kind === 'wrongRevision') reject(new WrongRevision(stream, outcome.actual))
  else if (outcome.error === timedOut) reject(new LogUnavailable(`the log timed out on an append to ${stream}`))
  else reject(new Error(`the log refused an append to ${stream}: ${outcome.error} ${outcome.detail}`))
}

/** Appends over one long-lived call, many at once. A call that breaks leaves its appends with an unknown outcome, and no others. */
export const createBatchAppender = (calls: Pick<LogCalls, 'batchAppend'>) => {
  let opening: Promise<OpenCall> | undefined
  let current: OpenCall | undefined

  const follow = (call: DuplexCall): OpenCall => {
    const pending = new Map<string, Pending>()
    const opened: OpenCall = { call, pending }
    const fail = (error: unknown) => {
      if (current === opened) current = undefined
      for (const { timer, reject } of pending.values()) {
        clearTimeout(timer)
        reject(error)
      }
      pending.clear()
    }
    call.on('data', (bytes: Uint8Array) => {
      const { correlationId, outcome } = decodeBatchAppendResponse(bytes)
      const waiting = pending.get(correlationId)
      // Its time was over, and its outcome is treated as unknown.
      if (waiting === undefined) return
      pending.delete(correlationId)
      clearTimeout(waiting.timer)
      settle(waiting, outcome)
    })
    call.on('error', (error: unknown) => fail(asLogError(error)))
    call.on('end', () => fail(new LogUnavailable('the log ended the stream of appends')))
    return opened
  }

  const begin = async (): Promise<OpenCall> => {
    try {
      current = follow(await calls.batchAppend())
      return current
    } catch (error) {
      // Nothing was sent.
      throw new LogUnavailable('the log can not be reached', { cause: error })
    } finally {
      opening = undefined
    }
  }
  const open = (): Promise<OpenCall> => {
    opening ??= begin()
    return opening
  }

  /** Throws WrongRevision, LogUnavailable. */
  return async (stream: string, events: readonly EventToAppend[], expected: ExpectedRevision): Promise<Appended> => {
    const correlationId = randomUUID()
    const deadline = new Date(Date.now() + serverTimeoutMs)
    const request = batchAppendRequest({ correlationId, stream, events, expected, deadline })
    const { call, pending } = current ?? (await open())
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        pending.delete(correlationId)
        reject(new LogUnavailable(`no answer to an append to ${stream}`))
      }, answerTimeoutMs)
      pending.set(correlationId, { stream, timer, resolve, reject })
      call.write(request)
    })
  }
}
