import type { EventFeed } from '../eventlog/eventFeed.js'
import type { EventStore } from '../eventlog/eventStore.js'
export interface Audit {
  x?: 1
}
export const createAudit = (_dependencies: { store: EventStore; feed: EventFeed }): Audit => ({})
