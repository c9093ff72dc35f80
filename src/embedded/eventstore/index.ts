export { EventStoreError, type EventStoreErrorCode } from './errors.js'
export type { EmbeddedEventStoreOptions, TlsOptions } from './options.js'
export { type EmbeddedEventStore, startEmbeddedEventStore } from './start.js'
