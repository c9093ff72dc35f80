import {
  type EventStoreDBClient,
  PARK,
  PersistentSubscriptionExistsError,
  type PersistentSubscriptionToAllResolvedEvent,
  persistentSubscriptionToAllSettingsFromDefaults,
  RETRY,
  START,
  streamNameFilter,
} from '@eventstore/db-client'
import { LogUnavailable } from '../eventStore.js'
import type { WorkItem, WorkQueue } from '../workQueue.js'
import { asLogError } from './errors.js'
import { toStoredEvent } from './storedEvent.js'

/** Competing consumers over a persistent subscription to $all. The group is created, from the start of the log, where it is missing. */
export const eventStoreDbWorkQueue = (client: EventStoreDBClient): WorkQueue => {
  const createGroup = async (group: string, prefixes: readonly string[]) => {
    const settings = persistentSubscriptionToAllSettingsFromDefaults({
      startFrom: START,
      consumerStrategyName: 'RoundRobin',
    })
    try {
      await client.createPersistentSubscriptionToAll(group, settings, {
        filter: streamNameFilter({ prefixes: [...prefixes] }),
      })
    } catch (error) {
      if (!(error instanceof PersistentSubscriptionExistsError)) throw asLogError(error)
    }
  }

  async function* consume(options: Parameters<WorkQueue['consume']>[0]): AsyncIterable<WorkItem> {
    const { group, prefixes, buffer, signal } = options
    if (signal.aborted) return
    await createGroup(group, prefixes)
    const subscription = client.subscribeToPersistentSubscriptionToAll(group, { bufferSize: buffer })
    const stop = () => subscription.destroy()
    signal.addEventListener('abort', stop, { once: true })
    try {
      for await (const resolved of subscription as AsyncIterable<PersistentSubscriptionToAllResolvedEvent>) {
        if (resolved.event === undefined) {
          await subscription.ack(resolved)
          continue
        }
        yield {
          event: toStoredEvent(resolved.event),
          retryCount: resolved.retryCount,
          ack: () => subscription.ack(resolved),
          nack: (action, reason) => subscription.nack(action === 'park' ? PARK : RETRY, reason, resolved),
        }
      }
      if (!signal.aborted) throw new LogUnavailable('the log ended the subscription')
    } catch (error) {
      if (!signal.aborted) throw asLogError(error)
    } finally {
      signal.removeEventListener('abort', stop)
      await subscription.unsubscribe()
      subscription.destroy()
    }
  }

  return { consume }
}
