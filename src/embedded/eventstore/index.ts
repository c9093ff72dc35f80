export type { EmbeddedEventStoreOptions } from './options.js'
export { type EmbeddedEventStore, startEmbeddedEventStore } from './start.js'
