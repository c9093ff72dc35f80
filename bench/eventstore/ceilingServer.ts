import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import { parentPort } from 'node:worker_threads'
import { encodeBatchResponse } from '../../src/embedded/eventstore/api/batchResponse.js'
import { readBatchTarget } from '../../src/embedded/eventstore/api/batchTarget.js'
import { createDispatch } from '../../src/embedded/eventstore/api/dispatch.js'
import type { CallHandler } from '../../src/embedded/eventstore/api/handler.js'
import { readProposedMessage } from '../../src/embedded/eventstore/api/proposedMessage.js'
import { createServerFeatures } from '../../src/embedded/eventstore/api/serverFeatures.js'
import { oneRequest, unary } from '../../src/embedded/eventstore/api/unary.js'
import { encodeRecord, type NewEvent } from '../../src/embedded/eventstore/log/record.js'
import type { Call } from '../../src/embedded/eventstore/wire/call.js'
import { ProtoReader } from '../../src/embedded/eventstore/wire/protoReader.js'
import { caughtUp, confirmation, ResponseBatch } from '../../src/embedded/eventstore/wire/readResponses.js'
import { readUuid } from '../../src/embedded/eventstore/wire/uuid.js'
import { newStoredEvent } from './workload.js'

/**
 * The ceiling: the wire of the embedded server without its store. Appends are answered at once, reads and subscriptions
 * are served from records made beforehand. What the client reaches with it is what the client can reach.
 */
const HISTORY = 300_000
const WINDOW = 1024 * 1024
const SERVICES = '/event_store.client'
const EMPTY = Buffer.alloc(0)

const live = new Set<Call>()
let position = 0

/** `count` events of the benchmark, framed as answers to a reader. */
function frames(count: number, retryCount?: number): Buffer {
  const batch = new ResponseBatch(false)
  for (let made = 0; made < count; made++) add(batch, newStoredEvent(), retryCount)
  return batch.take()
}

function add(batch: ResponseBatch, event: NewEvent, retryCount?: number): void {
  const streamName = `bench-${position % 256}-${Math.floor(position / 256)}`
  const place = { streamId: 1, streamName, revision: 0, position: ++position, created: Date.now() }
  batch.add({
    position,
    event: encodeRecord(event, place),
    ...(retryCount === undefined ? {} : { retryCount }),
  })
}

/** About as many bytes as the real server sends at once to a client that sets no window. */
const EVENTS_PER_PAGE = 63
const page = frames(EVENTS_PER_PAGE)

/** Sends whole pages, so as many events as asked for or a few more. */
async function sendPages(call: Call, count: number): Promise<void> {
  for (let sent = 0; sent < count && !call.closed; sent += EVENTS_PER_PAGE) {
    if (!call.write(page)) await call.drained()
  }
}

const read = oneRequest((message, call) => {
  void respond(call, readCount(message)).catch((error: unknown) => call.fail(error))
})

interface Wanted {
  /** Undefined subscribes. */
  readonly count: number | undefined
  readonly fromEnd: boolean
}

async function respond(call: Call, { count, fromEnd }: Wanted): Promise<void> {
  if (count !== undefined) {
    await sendPages(call, count)
    return call.end()
  }
  const batch = new ResponseBatch(false)
  batch.addMessage(confirmation(randomUUID()))
  call.write(batch.take())
  if (!fromEnd) await sendPages(call, HISTORY)
  batch.addMessage(caughtUp())
  call.write(batch.take())
  live.add(call)
  call.onClose(() => live.delete(call))
}

function readCount(message: Buffer): Wanted {
  const reader = new ProtoReader(message)
  let count: number | undefined
  let fromEnd = false
  while (reader.next()) {
    const options = reader.message()
    while (options.next()) {
      if (options.field === 5) count = options.varint()
      else if (options.field === 2) {
        const all = options.message()
        while (all.next()) {
          fromEnd ||= all.field === 3
          all.skip()
        }
      } else options.skip()
    }
  }
  return { count, fromEnd }
}

/** Answers all appends of one turn in one write, as a group commit does. */
const batchAppend: CallHandler = (call) => {
  let answers: Buffer[] = []
  let events: NewEvent[] = []
  const flush = () => {
    call.write(Buffer.concat(answers))
    answers = []
    if (live.size > 0) {
      const batch = new ResponseBatch(false)
      for (const event of events) add(batch, event)
      const bytes = batch.take()
      for (const subscriber of live) subscriber.write(bytes)
    }
    events = []
  }
  return {
    onMessage(message) {
      const reader = new ProtoReader(message)
      let id = ''
      let target: ReturnType<typeof readBatchTarget> | undefined
      while (reader.next()) {
        if (reader.field === 1) id = readUuid(reader.message())
        else if (reader.field === 2) target = readBatchTarget(reader.message())
        else if (reader.field === 3) events.push(readProposedMessage(reader.message()))
        else reader.skip()
      }
      if (!target) return
      if (answers.length === 0) setImmediate(flush)
      answers.push(encodeBatchResponse(id, target, { kind: 'written', last: 0, position }))
    },
    onEnd: () => call.end(),
  }
}

/** Keeps as many events in flight as the consumer takes, and sends one for each that is acknowledged. */
const readGroup: CallHandler = (call) => ({
  onMessage(message) {
    const reader = new ProtoReader(message)
    let due = 0
    while (reader.next()) {
      const body = reader.message()
      const joins = reader.field === 1
      if (joins) {
        const batch = new ResponseBatch(false)
        batch.addMessage(confirmation(randomUUID()))
        call.write(batch.take())
      }
      while (body.next()) {
        if (joins && body.field === 3) due = body.varint()
        else {
          if (!joins && body.field === 2) due++
          body.skip()
        }
      }
    }
    if (due > 0) call.write(frames(due, 0))
  },
  onEnd: () => call.end(),
})

const nothing = unary(() => EMPTY)
const GROUPS = `${SERVICES}.persistent_subscriptions.PersistentSubscriptions`
const routes = new Map<string, CallHandler>([
  [`${SERVICES}.server_features.ServerFeatures/GetSupportedMethods`, createServerFeatures()],
  [`${SERVICES}.streams.Streams/BatchAppend`, batchAppend],
  [`${SERVICES}.streams.Streams/Read`, read],
  [`${GROUPS}/Create`, nothing],
  [`${GROUPS}/Delete`, nothing],
  [`${GROUPS}/Read`, readGroup],
])

const server = createServer({ settings: { initialWindowSize: WINDOW }, maxSessionMemory: Number.MAX_SAFE_INTEGER })
server.on('stream', createDispatch(routes, ''))
server.on('connection', (socket: Socket) => socket.setNoDelay(true))
server.on('session', (session) => session.setLocalWindowSize(WINDOW * 4))
server.listen(0, '127.0.0.1', () => parentPort?.postMessage((server.address() as AddressInfo).port))
