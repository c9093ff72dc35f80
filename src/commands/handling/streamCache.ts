import { LRUCache } from 'lru-cache'
import type { DomainEvent } from '../../domain/events/catalogue/index.js'
import type { Aggregate } from '../commandHandler.js'
import type { StreamMemory } from './streamMemory.js'

/** What is remembered of hot streams, within bounds. */
export interface StreamCache {
  /** Undefined where nothing is remembered, or where it was folded by another aggregate. */
  recall<State, Event extends DomainEvent>(
    aggregate: Aggregate<State, Event>,
    stream: string,
  ): StreamMemory<State> | undefined
  /** Remembers it, unless the stream does not exist; gives it back. */
  keep<State>(aggregate: unknown, stream: string, memory: StreamMemory<State>): StreamMemory<State>
  forget(stream: string): void
}

interface Entry {
  readonly aggregate: unknown
  readonly memory: StreamMemory<unknown>
}

/** What an entry takes beside its events, in bytes. */
const entryBytes = 256

/** `streams`: how many are kept at most; `bytes`: about how much memory they may take, by the size of their events. */
export const createStreamCache = ({
  streams,
  bytes,
}: {
  readonly streams: number
  readonly bytes: number
}): StreamCache => {
  const cache = new LRUCache<string, Entry>({
    max: streams,
    maxSize: bytes,
    sizeCalculation: ({ memory }) => memory.bytes + entryBytes,
  })
  return {
    recall: <State>(aggregate: unknown, stream: string) => {
      const entry = cache.get(stream)
      return entry !== undefined && entry.aggregate === aggregate ? (entry.memory as StreamMemory<State>) : undefined
    },
    keep: (aggregate, stream, memory) => {
      if (memory.revision >= 0) cache.set(stream, { aggregate, memory })
      return memory
    },
    forget: (stream) => {
      cache.delete(stream)
    },
  }
}
