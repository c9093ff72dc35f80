import { EventStoreDBClient } from '@eventstore/db-client'

/**
 * The one client of this process or worker thread. Two of them in one would share the client library's table of pending
 * appends, and a lost connection of one would reject the appends of the other.
 */
export const createEventStoreDbClient = (connectionString: string): EventStoreDBClient =>
  EventStoreDBClient.connectionString(connectionString)
