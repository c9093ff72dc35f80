import {
  type EventStoreDBClient,
  eventTypeFilter,
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

type ConsumeOptions = Parameters<WorkQueue['consume']>[0]

/** Competing consumers over a persistent subscription to $all. The group is created, from the start of the log, where it is missing. */
export const eventStoreDbWorkQueue = (client: EventStoreDBClient): WorkQueue => {
  /** The server filters by stream or by type, not by both; types are the narrower choice. */
  const createGroup = async ({ group, prefixes, types }: ConsumeOptions) => {
    const settings = persistentSubscriptionToAllSettingsFromDefaults({
      startFrom: START,
      consumerStrategyName: 'RoundRobin',
    })
    try {
      await client.createPersistentSubscriptionToAll(group, settings, {
        filter:
          types === undefined
            ? streamNameFilter({ prefixes: [...prefixes] })
            : eventTypeFilter({ prefixes: [...types] }),
      })
    } catch (error) {
      if (!(error instanceof PersistentSubscriptionExistsError)) throw asLogError(error)
    }
  }

  async function* consume(options: ConsumeOptions): AsyncIterable<WorkItem> {
    const { group, prefixes, types, buffer, signal } = options
    const isWanted = ({ streamId, type }: { streamId: string; type: string }) =>
      prefixes.some((prefix) => streamId.startsWith(prefix)) && types?.includes(type) !== false
    if (signal.aborted) return
    await createGroup(options)
    const subscription = client.subscribeToPersistentSubscriptionToAll(group, { bufferSize: buffer })
    const stop = () => subscription.destroy()
    signal.addEventListener('abort', stop, { once: true })
    try {
      for await (const resolved of subscription as AsyncIterable<PersistentSubscriptionToAllResolvedEvent>) {
        if (resolved.event === undefined || !isWanted(resolved.event)) {
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
