import { ProtoWriter } from '../wire/protoWriter.js'
import type { CallHandler } from './handler.js'
import { unary } from './unary.js'

/** The version of EventStoreDB whose protocol this server speaks. */
const SERVER_VERSION = '24.10.0'

const STREAMS = 'event_store.client.streams.streams'
const PERSISTENT = 'event_store.client.persistent_subscriptions.persistentsubscriptions'
const OPERATIONS = 'event_store.client.operations.operations'

const FEATURES: readonly (readonly [service: string, method: string, features: readonly string[]])[] = [
  [STREAMS, 'append', []],
  [STREAMS, 'batchappend', ['deadline_duration']],
  [STREAMS, 'delete', []],
  [STREAMS, 'tombstone', []],
  [STREAMS, 'read', ['position', 'events']],
  ...['create', 'update', 'delete', 'read', 'getinfo', 'replayparked', 'list', 'restartsubsystem'].map(
    (method) => [PERSISTENT, method, ['stream', 'all']] as const,
  ),
  ...['startscavenge', 'stopscavenge'].map((method) => [OPERATIONS, method, []] as const),
  ['event_store.client.gossip.gossip', 'read', []],
  ['event_store.client.server_features.serverfeatures', 'getsupportedmethods', []],
]

/** Tells clients which calls they may make. */
export function createServerFeatures(): CallHandler {
  const writer = new ProtoWriter(2_048)
  for (const [service, method, features] of FEATURES) {
    writer.message(1, (entry) => {
      entry.string(1, method).string(2, service)
      for (const feature of features) entry.string(3, feature)
    })
  }
  const answer = writer.string(2, SERVER_VERSION).finish()
  return unary(() => answer)
}
