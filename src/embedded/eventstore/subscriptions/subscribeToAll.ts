import { randomUUID } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { invalidArgument } from '../api/errors.js'
import type { ReadRequest } from '../api/readRequest.js'
import type { ServerContext } from '../context.js'
import { deliver } from '../streams/links.js'
import { isHiddenFromAll, type Visit, visitAllForwards } from '../streams/visitRecords.js'
import type { Call } from '../wire/call.js'
import { caughtUp, checkpoint, confirmation, ResponseBatch } from '../wire/readResponses.js'
import { createCheckpoints } from './checkpoints.js'
import type { EventFilter } from './eventFilter.js'
import { createWaiter } from './waiter.js'

const PAGE = 256

/**
 * A subscription is a reader with a position that never ends: it reads on from where it is until it is at the head of
 * the log, then waits for a commit. What it has not read stays in the log, so it can neither lose nor repeat an event,
 * and a slow subscriber holds no memory but what its socket buffers.
 */
export async function subscribeToAll(
  { store, feed }: ServerContext,
  call: Call,
  request: ReadRequest,
  filter: EventFilter | undefined,
): Promise<void> {
  let next = firstPosition(request, store.head)
  const waiter = createWaiter(call, (listener) => feed.onCommit(listener))
  const checkpoints = request.filter && createCheckpoints(request.filter)
  const batch = new ResponseBatch(request.structuredIds)
  batch.addMessage(confirmation(randomUUID()))
  let live = false

  const add: Visit = (found) => {
    if (!isHiddenFromAll(found.record)) {
      if (!filter || filter(found.record)) batch.add(deliver(store, found, request.resolveLinks))
      if (checkpoints?.consider(found.position)) batch.addMessage(checkpoint(found.position))
    }
    return batch.size < call.portion
  }

  const send = async () => {
    // A long stretch of nothing to send must leave the event loop to others too.
    if (batch.size === 0) await nextTurn()
    else if (!batch.sendTo(call)) await call.drained()
  }

  while (!call.closed) {
    // Whoever has fallen behind what is in memory catches up from disk, and is told again when that is done.
    if (live && next <= store.head && !store.recent.get(next)) live = false
    const visited = visitAllForwards(store, next, PAGE, add)
    next = visited.next
    if (!live && visited.ended) {
      live = true
      const due = checkpoints?.atHead()
      if (due !== undefined) batch.addMessage(checkpoint(due))
      batch.addMessage(caughtUp())
    }
    if (next <= store.head || batch.size > 0) await send()
    if (next > store.head) await waiter.wait()
  }
}

function firstPosition(request: ReadRequest, head: number): number {
  if (request.from === 'start') return 1
  // Whoever has seen more than there is, say before a backup was restored, would miss all events up to there.
  if (request.from !== 'end' && request.from > head) {
    throw invalidArgument(`Position ${request.from} is beyond the end of the log, ${head}.`)
  }
  return request.from === 'end' ? head + 1 : request.from + 1
}
