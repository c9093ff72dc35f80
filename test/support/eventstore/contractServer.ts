import { EventStoreDBClient } from '@eventstore/db-client'
import { startTestServer } from './server.js'

/** A server to hold to the protocol: the embedded one, or the real one that `TEST_EVENTSTORE_URL` names. */
export async function openContractServer(): Promise<ContractServer> {
  const url = process.env.TEST_EVENTSTORE_URL
  if (url) {
    const client = EventStoreDBClient.connectionString(url)
    return { client, connectionString: url, stop: () => client.dispose() }
  }
  const { client, store, stop } = await startTestServer()
  return { client, connectionString: store.connectionString, stop }
}

interface ContractServer {
  readonly client: EventStoreDBClient
  readonly connectionString: string
  stop(): Promise<void>
}
