import { EventStoreDBClient } from '@eventstore/db-client'
import { startTestServer } from './server.js'

/** A server to hold to the protocol: the embedded one, or the real one that `TEST_EVENTSTORE_URL` names. */
export async function openContractServer(): Promise<{ client: EventStoreDBClient; stop(): Promise<void> }> {
  const url = process.env.TEST_EVENTSTORE_URL
  if (!url) return startTestServer()
  const client = EventStoreDBClient.connectionString(url)
  return { client, stop: () => client.dispose() }
}
