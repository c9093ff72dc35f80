import type { EventFeed } from '../../../src/eventlog/eventFeed.js'
import { type EventStore, LogUnavailable } from '../../../src/eventlog/eventStore.js'

/** A log that can be switched off: subscriptions break, as when its server goes away. */
export const switchable = <L extends EventFeed & EventStore>(log: L) => {
  let away = false
  let breakAll = new AbortController()
  const feed: EventFeed & EventStore = {
    append: log.append,
    readStream: log.readStream,
    readAll: log.readAll,
    head: log.head,
    subscribe: async function* (options) {
      if (away) throw new LogUnavailable('the log is away')
      const broken = breakAll.signal
      const signals = options.signal === undefined ? [broken] : [broken, options.signal]
      yield* log.subscribe({ ...options, signal: AbortSignal.any(signals) })
      if (broken.aborted) throw new LogUnavailable('the connection broke')
    },
  }
  return {
    feed,
    leave: () => {
      away = true
      breakAll.abort()
    },
    comeBack: () => {
      away = false
      breakAll = new AbortController()
    },
  }
}
