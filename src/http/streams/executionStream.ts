import { decodeEvent } from '../../domain/events/decodeEvent.js'
import type { RecordedEvent, StoredEvent } from '../../domain/events/recordedEvent.js'
import { endTypes } from '../../domain/execution/endings.js'
import type { EventFeed } from '../../eventlog/eventFeed.js'
import type { EventStore } from '../../eventlog/eventStore.js'

const endings: ReadonlySet<string> = new Set(endTypes)

/** Whether the run has ended with this event, where the ones before left it so. */
const endedAfter = (ended: boolean, { type }: Pick<StoredEvent, 'type'>): boolean =>
  endings.has(type) || (ended && type !== 'ExecutionResumed')

export interface RunEvents {
  /** What the log holds now, after the given position. */
  readonly past: readonly RecordedEvent[]
  readonly ended: boolean
  /** Position of the newest event of the run. */
  readonly last: bigint
}

/** Reads a run's stream; undefined where it does not exist. */
export const readRun = async (store: EventStore, stream: string, after: bigint): Promise<RunEvents | undefined> => {
  const past: RecordedEvent[] = []
  let last: bigint | undefined
  let ended = false
  for await (const stored of store.readStream(stream)) {
    if (stored.position > after) past.push(decodeEvent(stored))
    last = stored.position
    ended = endedAfter(ended, stored)
  }
  return last === undefined ? undefined : { past, ended, last }
}

/** What was read, then what comes, until the run ends or the signal aborts. */
export async function* liveRun(
  feed: EventFeed,
  stream: string,
  { past, ended, last }: RunEvents,
  signal: AbortSignal,
): AsyncGenerator<RecordedEvent> {
  yield* past
  if (ended) return
  for await (const item of feed.subscribe({ from: last, prefixes: [stream], signal })) {
    if (item.kind !== 'event' || item.event.stream !== stream) continue
    yield decodeEvent(item.event)
    if (endings.has(item.event.type)) return
  }
}
