import type { EventStoreDBClient, PersistentSubscriptionToStream } from '@eventstore/db-client'
import { inboxOf } from './inbox.js'

/** A message of a group as tests look at it; `resolved` is what the client acknowledges. */
export interface Received {
  readonly resolved: never
  readonly n: number
  readonly retryCount: number
}

export const receive = (item: { event?: { data: { n: number } }; retryCount: number }): Received => ({
  resolved: item as never,
  n: item.event?.data.n ?? -1,
  retryCount: item.retryCount,
})

export function connectTo(client: EventStoreDBClient, stream: string, group: string, bufferSize = 10) {
  const subscription = client.subscribeToPersistentSubscriptionToStream(stream, group, { bufferSize })
  return { subscription, inbox: inboxOf(subscription, receive) }
}

export const confirmed = (subscription: PersistentSubscriptionToStream): Promise<void> =>
  new Promise((resolve) => subscription.once('confirmation', resolve))

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10))
}
