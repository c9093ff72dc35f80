import { type FedEvent, placeOf } from '../fold/decode.js'

/**
 * What was delivered and is not applied yet. `horizon` is the log position up to which everything that matters was pushed: when
 * the queue is drained, the checkpoint may move there although no event stands at it.
 */
export interface EventQueue {
  readonly size: number
  readonly horizon: bigint | null
  /** Position of the first event that waits. */
  readonly next: bigint | undefined
  /** Recorded time of the first event that waits. */
  readonly oldest: string | undefined
  /** What is not behind the horizon was pushed before and is ignored. */
  push(event: FedEvent): void
  /** Everything up to `position` was pushed. */
  advance(position: bigint): void
  /** Up to `max` events, none of them after `limit`. */
  take(max: number, limit: bigint | null): FedEvent[]
  /** Resolves when there are `count` events, or after `ms`, or when the signal aborts. */
  whenFilled(count: number, ms: number, signal: AbortSignal): Promise<void>
  /** Resolves when an event waits, the horizon moves or the queue is poked. */
  whenChanged(signal: AbortSignal): Promise<void>
  /** Undefined when there is room; else resolves when there may be. */
  whenRoom(): Promise<void> | undefined
  /** Wakes those who wait. */
  poke(): void
  /** Forgets everything and goes on after `position`. */
  reset(position: bigint | null): void
  /** Forgets what waits and goes on after what was taken. */
  restart(): void
}

export const createEventQueue = (capacity: number): EventQueue => {
  let events: FedEvent[] = []
  let start = 0
  let horizon: bigint | null = null
  let taken: bigint | null = null
  let wakeReader: (() => void) | undefined
  /** Events; 0: any change will do. */
  let readerWants = 0
  let wakeWriter: (() => void) | undefined
  let room: Promise<void> | undefined

  const size = () => events.length - start
  const first = () => events[start]

  const wake = () => {
    wakeReader?.()
    wakeReader = undefined
  }

  const wait = (wanted: number, signal: AbortSignal, ms?: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(() => done(), ms)
      const done = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', done)
        wakeReader = undefined
        resolve()
      }
      if (signal.aborted) return done()
      readerWants = wanted
      wakeReader = done
      signal.addEventListener('abort', done, { once: true })
    })

  const giveRoom = () => {
    if (size() >= capacity) return
    wakeWriter?.()
    wakeWriter = undefined
    room = undefined
  }

  return {
    get size() {
      return size()
    },
    get horizon() {
      return horizon
    },
    get next() {
      const event = first()
      return event === undefined ? undefined : placeOf(event).position
    },
    get oldest() {
      const event = first()
      return event === undefined ? undefined : placeOf(event).recordedAt
    },
    push: (event) => {
      const { position } = placeOf(event)
      if (horizon !== null && position <= horizon) return
      horizon = position
      events.push(event)
      if (size() >= readerWants) wake()
    },
    advance: (position) => {
      if (horizon !== null && position <= horizon) return
      horizon = position
      if (readerWants === 0) wake()
    },
    take: (max, limit) => {
      let end = Math.min(start + max, events.length)
      if (limit !== null) {
        let last = start
        while (last < end && placeOf(events[last] as FedEvent).position <= limit) last += 1
        end = last
      }
      const batch = events.slice(start, end)
      start = end
      const last = batch.at(-1)
      if (last !== undefined) taken = placeOf(last).position
      if (start === events.length) {
        events = []
        start = 0
      } else if (start > 4_096) {
        events = events.slice(start)
        start = 0
      }
      giveRoom()
      return batch
    },
    whenFilled: async (count, ms, signal) => {
      if (size() < count && ms > 0) await wait(count, signal, ms)
    },
    whenChanged: (signal) => wait(0, signal),
    whenRoom: () => {
      if (size() < capacity) return undefined
      room ??= new Promise((resolve) => {
        wakeWriter = resolve
      })
      return room
    },
    poke: wake,
    reset: (position) => {
      events = []
      start = 0
      horizon = position
      taken = position
      giveRoom()
    },
    restart: () => {
      if (size() === 0) return
      events = []
      start = 0
      horizon = taken
      giveRoom()
    },
  }
}
