import type { EventFeed } from '../../eventlog/eventFeed.js'
import { LogUnavailable } from '../../eventlog/eventStore.js'
import { type FedEvent, feedEvent, isPoison, placeOf } from '../fold/decode.js'
import { eventTypesOf, type Projection } from '../model/projection.js'
import { createBackoff, sleep } from './backoff.js'
import type { EventQueue } from './eventQueue.js'
import { followFeed } from './followFeed.js'

/** A runner that is fed by the tail. `detach` is called when it fell too far behind. */
export interface Attachment {
  readonly projection: Projection
  readonly queue: EventQueue
  readonly detach: () => void
}

/**
 * One subscription to the log for all live projections of a process: each event is received and read once, whatever the number
 * of projections that listen to it.
 */
export interface Tail {
  /** Everything before it was handed on, and the event at it is being; null before the first. */
  readonly position: bigint | null
  readonly reconnects: number
  /** Why it has no connection at the moment. */
  readonly error: Error | undefined
  attach(attachment: Attachment): () => void
  /** Runs from `from` until the signal aborts, over lost connections. */
  run(from: bigint | null, signal: AbortSignal): Promise<void>
}

export interface TailOptions {
  readonly feed: EventFeed
  readonly prefixes: readonly string[]
  /** How long a full queue that does not move may hold up all others. */
  readonly patienceMs: number
  /** Each event that is handed on. */
  readonly onEvent?: () => void
}

type Room = 'room' | 'patience'

/** Whether there was room in time. A queue that is emptied, however slowly, keeps its place. */
const waitForRoom = async (queue: EventQueue, patienceMs: number): Promise<Room> => {
  for (;;) {
    const room = queue.whenRoom()
    if (room === undefined) return 'room'
    const before = queue.next
    const timer = new AbortController()
    const first = await Promise.race([
      room.then(() => 'room' as const),
      sleep(patienceMs, timer.signal).then(() => 'patience' as const),
    ])
    timer.abort()
    if (first === 'patience' && queue.next === before) return 'patience'
  }
}

export const createTail = ({ feed, prefixes, patienceMs, onEvent }: TailOptions): Tail => {
  const attachments = new Set<Attachment>()
  let byType = new Map<string, Attachment[]>()
  /** Of the event that is being handed on: who attaches meanwhile must have it already. */
  let position: bigint | null = null
  /** Of the last one that everybody has. */
  let handed: bigint | null = null
  let handing: Promise<undefined> | undefined
  let reconnects = 0
  let error: Error | undefined

  const index = () => {
    byType = new Map()
    for (const attachment of attachments) {
      for (const type of eventTypesOf(attachment.projection)) {
        byType.set(type, [...(byType.get(type) ?? []), attachment])
      }
    }
  }

  const attach = (attachment: Attachment) => {
    attachments.add(attachment)
    index()
    return () => {
      if (attachments.delete(attachment)) index()
    }
  }

  const concerned = (event: FedEvent): readonly Attachment[] => {
    if (!isPoison(event)) return byType.get(event.type) ?? []
    return [...attachments].filter(({ projection }) =>
      projection.prefixes.some((prefix) => placeOf(event).stream.startsWith(prefix)),
    )
  }

  const pushWithPatience = async (attachment: Attachment, event: FedEvent) => {
    const { queue, detach } = attachment
    if ((await waitForRoom(queue, patienceMs)) === 'room') queue.push(event)
    else {
      attachments.delete(attachment)
      index()
      detach()
    }
  }

  /** Undefined when everybody had room, which is the usual case and costs no turn of the event loop. */
  const handOn = (event: FedEvent): Promise<unknown> | undefined => {
    let waiting: Promise<void>[] | undefined
    for (const attachment of concerned(event)) {
      if (attachment.queue.whenRoom() === undefined) attachment.queue.push(event)
      else {
        waiting ??= []
        waiting.push(pushWithPatience(attachment, event))
      }
    }
    return waiting === undefined ? undefined : Promise.all(waiting)
  }

  /** Those that the last events did not concern learn that the log went on; not at each event, that would cost more than it tells. */
  const advanceAll = () => {
    if (handed === null) return
    for (const { queue } of attachments) queue.advance(handed)
  }

  const follow = async (signal: AbortSignal): Promise<void> => {
    let announced = false
    const announce = () => {
      if (announced) return
      announced = true
      setImmediate(() => {
        announced = false
        advanceAll()
      })
    }
    await followFeed(feed, { from: position ?? 'start', prefixes, signal }, (item) => {
      error = undefined
      if (item.kind === 'event') {
        position = item.event.position
        onEvent?.()
        const waiting = handOn(feedEvent(item.event))
        if (waiting !== undefined) {
          handing = waiting.then(() => {
            handed = position
            announce()
            return undefined
          })
          return handing
        }
      } else if (item.kind === 'checkpoint') position = item.position
      handed = position
      announce()
      return undefined
    })
  }

  const run = async (from: bigint | null, signal: AbortSignal) => {
    position = from
    handed = from
    const backoff = createBackoff()
    while (!signal.aborted) {
      const before = position
      try {
        await follow(signal)
      } catch (cause) {
        if (!(cause instanceof LogUnavailable)) throw cause
        // What waits for room comes before all that a new subscription brings.
        await handing
        error = cause
        reconnects += 1
        if (position !== before) backoff.reset()
        await sleep(backoff.next(), signal)
      }
    }
  }

  return {
    get position() {
      return position
    },
    get reconnects() {
      return reconnects
    },
    get error() {
      return error
    },
    attach,
    run,
  }
}
