import {
  type EventStoreDBClient,
  eventTypeFilter,
  PersistentSubscriptionExistsError,
  persistentSubscriptionToAllSettingsFromDefaults,
  START,
  streamNameFilter,
} from '@eventstore/db-client'
import type { StoredEvent } from '../../domain/events/recordedEvent.js'
import { LogUnavailable } from '../eventStore.js'
import type { WorkItem, WorkQueue } from '../workQueue.js'
import { asLogError } from './errors.js'
import { type DuplexCall, logCalls } from './logCalls.js'
import { ackRequest, decodeDelivery, joinRequest, nackRequest } from './messages/groupMessages.js'
import { cancel } from './readEvents.js'

type ConsumeOptions = Parameters<WorkQueue['consume']>[0]

/** Acknowledges what is done within a turn of the event loop in one message. */
const acknowledgeTogether = (call: DuplexCall): ((id: string) => void) => {
  let done: string[] = []
  const send = () => {
    const ids = done
    done = []
    if (call.writable) call.write(ackRequest(ids))
  }
  return (id) => {
    if (done.push(id) === 1) setImmediate(send)
  }
}

/** Competing consumers over a persistent subscription to $all. The group is created, from the start of the log, where it is missing. */
export const eventStoreDbWorkQueue = (client: EventStoreDBClient): WorkQueue => {
  const calls = logCalls(client)

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

  const join = async ({ group, buffer }: ConsumeOptions): Promise<DuplexCall> => {
    try {
      const call = await calls.readGroup()
      call.write(joinRequest(group, buffer))
      return call
    } catch (error) {
      throw asLogError(error)
    }
  }

  async function* consume(options: ConsumeOptions): AsyncIterable<WorkItem> {
    const { prefixes, types, signal } = options
    const isWanted = ({ stream, type }: StoredEvent) =>
      prefixes.some((prefix) => stream.startsWith(prefix)) && types?.includes(type) !== false
    if (signal.aborted) return
    await createGroup(options)
    const call = await join(options)
    const acknowledge = acknowledgeTogether(call)
    const stop = () => call.destroy()
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
    try {
      for await (const bytes of call) {
        const { event, retryCount } = decodeDelivery(bytes as Buffer)
        if (event === undefined) continue
        if (!isWanted(event)) {
          acknowledge(event.id)
          continue
        }
        yield {
          event,
          retryCount,
          ack: () => acknowledge(event.id),
          nack: (action, reason) => {
            if (call.writable) call.write(nackRequest(event.id, action, reason))
          },
        }
      }
      if (!signal.aborted) throw new LogUnavailable('the log ended the subscription')
    } catch (error) {
      if (!signal.aborted) throw asLogError(error)
    } finally {
      signal.removeEventListener('abort', stop)
      cancel(call)
    }
  }

  return { consume }
}
