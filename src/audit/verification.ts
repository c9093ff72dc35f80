import { LRUCache } from 'lru-cache'
import type { StoredEvent } from '../domain/events/recordedEvent.js'
import { type ChainBreak, type ChainCursor, chainStart, checkLink } from '../domain/hashChain.js'
import { categories, categoryOfStream } from '../domain/streams.js'
import type { EventFeed } from '../eventlog/eventFeed.js'
import type { EventStore } from '../eventlog/eventStore.js'

export interface Verification {
  readonly valid: boolean
  /** How many events and streams were looked at. */
  readonly events: number
  readonly streams: number
  readonly firstInvalid: { readonly stream: string; readonly revision: number; readonly reason: string } | null
}

const isBreak = (link: ChainCursor | ChainBreak): link is ChainBreak => 'reason' in link

const verdict = (events: number, streams: number, broken: ChainBreak | undefined): Verification => ({
  valid: broken === undefined,
  events,
  streams,
  firstInvalid: broken ? { stream: broken.stream, revision: broken.revision, reason: broken.reason } : null,
})

/** Recomputes the chain of one stream, event by event; undefined where there is no such stream. */
export const verifyStream = async (store: EventStore, stream: string): Promise<Verification | undefined> => {
  let cursor = chainStart
  let events = 0
  for await (const event of store.readStream(stream)) {
    events += 1
    const link = checkLink(cursor, event)
    if (isBreak(link)) return verdict(events, 1, link)
    cursor = link
  }
  return events === 0 ? undefined : verdict(events, 1, undefined)
}

/** The cursor at a revision that was verified before and forgotten since. */
const rereadCursor = async (store: EventStore, stream: string, revision: number): Promise<ChainCursor | undefined> => {
  for await (const event of store.readStream(stream, { from: revision, limit: 1 })) {
    const { hash } = event.metadata as { hash?: unknown }
    if (event.revision === revision && typeof hash === 'string') return { revision, hash }
  }
  return undefined
}

const isOurs = (event: StoredEvent): boolean =>
  (categories as readonly string[]).includes(categoryOfStream(event.stream))

export interface VerifyAllOptions {
  readonly signal?: AbortSignal
  /** How many streams' ends are kept in memory. Those of others are read again, so memory doesn't grow with the log. */
  readonly remembered?: number
  readonly onProgress?: (events: number) => void
}

/** Recomputes the chain of every stream in one pass over the log, and stops at the first event that is wrong. */
export const verifyAll = async (
  { store, feed }: { store: EventStore; feed: EventFeed },
  { signal, remembered = 50_000, onProgress }: VerifyAllOptions = {},
): Promise<Verification> => {
  const cursors = new LRUCache<string, ChainCursor>({ max: remembered })
  let events = 0
  let streams = 0
  for await (const event of feed.readAll({ from: 'start', direction: 'forwards' })) {
    signal?.throwIfAborted()
    if (!isOurs(event)) continue
    events += 1
    if (events % 1_000 === 0) onProgress?.(events)
    if (event.revision === 0) streams += 1
    const before =
      event.revision === 0
        ? chainStart
        : (cursors.get(event.stream) ?? (await rereadCursor(store, event.stream, event.revision - 1)) ?? chainStart)
    const link = checkLink(before, event)
    if (isBreak(link)) return verdict(events, streams, link)
    cursors.set(event.stream, link)
  }
  return verdict(events, streams, undefined)
}
