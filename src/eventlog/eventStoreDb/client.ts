import { setTimeout as delay } from 'node:timers/promises'
import { EventStoreDBClient } from '@eventstore/db-client'

/**
 * The one client of this process or worker thread. Two of them in one would share the client library's table of pending
 * appends, and a lost connection of one would reject the appends of the other.
 */
export const createEventStoreDbClient = (connectionString: string): EventStoreDBClient =>
  EventStoreDBClient.connectionString(connectionString)

/** How long the client may take to see the end of calls that it has cancelled, in milliseconds. */
const disposeMs = 1_000

/** Cancels what is still open. The client waits for the end of each call, and misses that of some which were over before. */
export const disposeEventStoreDbClient = async (client: EventStoreDBClient): Promise<void> => {
  const waiting = new AbortController()
  await Promise.race([client.dispose(), delay(disposeMs, undefined, { signal: waiting.signal, ref: false })])
  waiting.abort()
}
