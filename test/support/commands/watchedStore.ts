import type { EventStore } from '../../../src/eventlog/eventStore.js'

export interface WatchedStore extends EventStore {
  /** What was asked of the store, in order. */
  readonly calls: ('append' | 'read')[]
  /** Runs before each append; may throw instead of it. */
  beforeAppend?: ((stream: string) => void | Promise<void>) | undefined
  /** Runs after an append took place; may throw, so that its answer is lost. */
  afterAppend?: ((stream: string) => void | Promise<void>) | undefined
}

/** A store that counts what is asked of it, and in which a test can lose connections. */
export const watchStore = (store: EventStore): WatchedStore => {
  const watched: WatchedStore = {
    calls: [],
    append: async (stream, events, expected) => {
      watched.calls.push('append')
      await watched.beforeAppend?.(stream)
      const appended = await store.append(stream, events, expected)
      await watched.afterAppend?.(stream)
      return appended
    },
    readStream: (stream, options) => {
      watched.calls.push('read')
      return store.readStream(stream, options)
    },
  }
  return watched
}
