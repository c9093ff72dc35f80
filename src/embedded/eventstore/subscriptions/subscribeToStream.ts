import { randomUUID } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { streamDeleted } from '../api/errors.js'
import type { ReadRequest } from '../api/readRequest.js'
import type { ServerContext } from '../context.js'
import { deliver } from '../streams/links.js'
import { firstVisible, isSoftDeleted, oldestVisible, type StreamState } from '../streams/streamState.js'
import { type Visit, visitStreamForwards } from '../streams/visitRecords.js'
import type { Call } from '../wire/call.js'
import { caughtUp, confirmation, ResponseBatch } from '../wire/readResponses.js'
import { createWaiter } from './waiter.js'

const PAGE = 128

/**
 * Like a subscription to `$all`, with a revision instead of a position. The limits of the stream's metadata hold while
 * it catches up; who is live sees every event.
 */
export async function subscribeToStream(
  { store, feed }: ServerContext,
  call: Call,
  request: ReadRequest,
  stream: string,
): Promise<void> {
  const initial = store.state(stream)
  if (initial.tombstoned) throw streamDeleted(stream)
  const waiter = createWaiter(call, (listener) => feed.onStreamCommit(stream, listener))
  const batch = new ResponseBatch(request.structuredIds)
  batch.addMessage(confirmation(randomUUID()))
  let next = firstRevision(request, initial)
  let live = false

  const add: Visit = (found) => {
    batch.add(deliver(store, found, request.resolveLinks))
    return batch.size < call.portion
  }

  const send = async () => {
    // A long stretch of nothing to send must leave the event loop to others too.
    if (batch.size === 0) await nextTurn()
    else if (!batch.sendTo(call)) await call.drained()
  }

  while (!call.closed) {
    const state = store.state(stream)
    if (live && isBehind(state, next)) live = false
    // What is not there yet is not hidden: it comes when the subscriber is live.
    if (!live && !state.tombstoned) next = Math.max(next, Math.min(firstVisible(state), state.last + 1))
    const hidden = !live && !state.tombstoned && isSoftDeleted(state)
    const visited = hidden
      ? { next: Math.max(next, state.last + 1), ended: true }
      : visitStreamForwards(store, state, next, PAGE, live ? 0 : oldestVisible(state, Date.now()), add)
    next = visited.next
    if (visited.ended) {
      if (state.tombstoned) {
        await send()
        throw streamDeleted(stream)
      }
      if (!live) batch.addMessage(caughtUp())
      live = true
    }
    if (!visited.ended || batch.size > 0) await send()
    if (visited.ended) await waiter.wait()
  }

  function isBehind(state: StreamState, revision: number): boolean {
    if (state.id === 0 || revision > state.last) return false
    const position = store.view.positionOf(state.id, revision)
    return position === undefined || !store.recent.get(position)
  }
}

function firstRevision(request: ReadRequest, state: StreamState): number {
  if (request.from === 'start') return 0
  return request.from === 'end' ? state.last + 1 : request.from + 1
}
