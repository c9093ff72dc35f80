import type { ServerContext } from '../context.js'
import type { PositionedRecord } from '../log/logView.js'
import { deliver } from '../streams/links.js'
import {
  isHiddenFromAll,
  type Page,
  readAllBackwards,
  readAllForwards,
  readStreamBackwards,
  readStreamForwards,
} from '../streams/readPages.js'
import { firstVisible, isSoftDeleted, oldestVisible, type StreamState } from '../streams/streamState.js'
import { compileFilter, type EventFilter } from '../subscriptions/eventFilter.js'
import { subscribeToAll } from '../subscriptions/subscribeToAll.js'
import { subscribeToStream } from '../subscriptions/subscribeToStream.js'
import type { Call } from '../wire/call.js'
import { ProtoReader } from '../wire/protoReader.js'
import { ResponseBatch, streamNotFound } from '../wire/readResponses.js'
import { GrpcError, Status } from '../wire/status.js'
import { checkAccess } from './checkAccess.js'
import { invalidArgument, streamDeleted } from './errors.js'
import type { CallHandler } from './handler.js'
import { type ReadRequest, readReadRequest } from './readRequest.js'
import { oneRequest } from './unary.js'

const PAGE = 256
const BATCH_BYTES = 64 * 1024

/** `Read`: reads and subscriptions of streams and of `$all`. */
export function createRead(context: ServerContext): CallHandler {
  return oneRequest((message, call) => {
    const request = parse(message)
    checkAccess(context, call, 'read', request.stream ?? '$all')
    void respond(context, call, request).catch((error: unknown) => call.fail(error))
  })
}

function parse(message: Buffer): ReadRequest {
  const reader = new ProtoReader(message)
  while (reader.next()) {
    if (reader.field === 1) return readReadRequest(reader.message())
    reader.skip()
  }
  throw invalidArgument('The options are missing.')
}

function respond(context: ServerContext, call: Call, request: ReadRequest): Promise<void> {
  const filter = request.filter && compileFilter(request.filter)
  if (request.count === undefined) {
    return request.stream === undefined
      ? subscribeToAll(context, call, request, filter)
      : subscribeToStream(context, call, request, request.stream)
  }
  if (request.count === 0) throw new GrpcError(Status.unknown, 'The number of events must be above 0.')
  if (request.stream === undefined) return sendPages(context, call, request, allPages(context, request), filter)
  return readStream(context, call, request, request.stream)
}

function readStream(context: ServerContext, call: Call, request: ReadRequest, stream: string): Promise<void> {
  const state = context.store.state(stream)
  if (state.tombstoned) throw streamDeleted(stream)
  if (state.last < 0 || isSoftDeleted(state)) {
    const batch = new ResponseBatch(false)
    batch.addMessage(streamNotFound(stream))
    call.write(batch.take())
    call.end()
    return Promise.resolve()
  }
  return sendPages(context, call, request, streamPages(context, request, state), undefined)
}

/** A function that reads on where it stopped. */
type NextPage = (limit: number) => Page

function allPages({ store }: ServerContext, request: ReadRequest): NextPage {
  const read = request.backwards ? readAllBackwards : readAllForwards
  let at = request.from === 'start' ? 0 : request.from === 'end' ? store.head + 1 : request.from
  // Events that are written while the read runs are not part of it.
  const end = store.head
  return (limit) => {
    const page = read(store, at, limit)
    at = page.next
    if (request.backwards || page.next <= end + 1) return page
    return { ...page, records: page.records.filter(({ position }) => position <= end), ended: true }
  }
}

function streamPages({ store }: ServerContext, request: ReadRequest, state: StreamState): NextPage {
  const min = firstVisible(state)
  const oldest = oldestVisible(state, Date.now())
  if (request.backwards) {
    let at = request.from === 'end' ? state.last : Math.min(request.from === 'start' ? 0 : request.from, state.last)
    return (limit) => {
      const page = readStreamBackwards(store, state, at, min, limit, oldest)
      at = page.next
      return page
    }
  }
  let at = request.from === 'end' ? state.last + 1 : Math.max(min, request.from === 'start' ? 0 : request.from)
  return (limit) => {
    const page = readStreamForwards(store, state, at, limit, oldest)
    at = page.next
    return page
  }
}

async function sendPages(
  context: ServerContext,
  call: Call,
  request: ReadRequest,
  nextPage: NextPage,
  filter: EventFilter | undefined,
): Promise<void> {
  let left = request.count ?? 0
  const isAll = request.stream === undefined
  const wanted = ({ record }: PositionedRecord) => !(isAll && isHiddenFromAll(record)) && (!filter || filter(record))
  const batch = new ResponseBatch(request.structuredIds, BATCH_BYTES + 16_384)
  const send = async () => {
    if (!call.write(batch.take())) await call.drained()
  }
  while (!call.closed) {
    const page = nextPage(Math.min(PAGE, left))
    for (const found of page.records) {
      if (left === 0) break
      if (!wanted(found)) continue
      batch.add(deliver(context.store, found, request.resolveLinks))
      left--
      if (batch.size >= BATCH_BYTES) await send()
    }
    const ended = page.ended || left === 0
    if (batch.size === 0 && !ended) await new Promise(setImmediate)
    if (batch.size > 0 && ended) await send()
    if (ended) return call.end()
  }
}
