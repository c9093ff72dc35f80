import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ServerContext } from '../context.js'
import { deliver } from '../streams/links.js'
import { firstVisible, isSoftDeleted, oldestVisible, type StreamState } from '../streams/streamState.js'
import {
  isHiddenFromAll,
  type Visit,
  type Visited,
  visitAllBackwards,
  visitAllForwards,
  visitStreamBackwards,
  visitStreamForwards,
} from '../streams/visitRecords.js'
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
  if (request.stream === undefined) return sendAll(context, call, request, allVisits(context, request), filter)
  return readStream(context, call, request, request.stream)
}

function readStream(context: ServerContext, call: Call, request: ReadRequest, stream: string): Promise<void> {
  const state = context.store.state(stream)
  if (state.tombstoned) throw streamDeleted(stream)
  if (state.last < 0 || isSoftDeleted(state)) {
    const batch = new ResponseBatch(false)
    batch.addMessage(streamNotFound(stream))
    batch.sendTo(call)
    call.end()
    return Promise.resolve()
  }
  return sendAll(context, call, request, streamVisits(context, request, state), undefined)
}

/** Visits some records more, from where it stopped. */
type VisitMore = (limit: number, visit: Visit) => Visited

function allVisits({ store }: ServerContext, request: ReadRequest): VisitMore {
  let at = request.from === 'start' ? 0 : request.from === 'end' ? store.head + 1 : request.from
  if (request.backwards) {
    return (limit, visit) => {
      const visited = visitAllBackwards(store, at, limit, visit)
      at = visited.next
      return visited
    }
  }
  // Events that are written while the read runs are not part of it.
  const end = store.head
  return (limit, visit) => {
    const visited = visitAllForwards(store, at, limit, (found) => found.position <= end && visit(found))
    at = visited.next
    return { ...visited, ended: at > end }
  }
}

function streamVisits({ store }: ServerContext, request: ReadRequest, state: StreamState): VisitMore {
  const min = firstVisible(state)
  const oldest = oldestVisible(state, Date.now())
  if (request.backwards) {
    let at = request.from === 'end' ? state.last : Math.min(request.from === 'start' ? 0 : request.from, state.last)
    return (limit, visit) => {
      const visited = visitStreamBackwards(store, state, at, min, limit, oldest, visit)
      at = visited.next
      return visited
    }
  }
  let at = request.from === 'end' ? state.last + 1 : Math.max(min, request.from === 'start' ? 0 : request.from)
  return (limit, visit) => {
    const visited = visitStreamForwards(store, state, at, limit, oldest, visit)
    at = visited.next
    return visited
  }
}

async function sendAll(
  { store }: ServerContext,
  call: Call,
  request: ReadRequest,
  visitMore: VisitMore,
  filter: EventFilter | undefined,
): Promise<void> {
  let left = request.count ?? 0
  const isAll = request.stream === undefined
  const batch = new ResponseBatch(request.structuredIds)
  const add: Visit = (found) => {
    if ((isAll && isHiddenFromAll(found.record)) || (filter && !filter(found.record))) return true
    batch.add(deliver(store, found, request.resolveLinks))
    left--
    return left > 0 && batch.size < call.portion
  }
  while (!call.closed) {
    const visited = visitMore(Math.min(PAGE, left), add)
    const ended = visited.ended || left === 0
    if (batch.size >= call.portion || (ended && batch.size > 0)) {
      if (!batch.sendTo(call)) await call.drained()
    } else if (!ended) await nextTurn()
    if (ended) return call.end()
  }
}
