import {
  BACKWARDS,
  END,
  type EventStoreDBClient,
  type JSONEventData,
  jsonEvent,
  persistentSubscriptionToAllSettingsFromDefaults,
  streamNameFilter,
} from '@eventstore/db-client'
import type { NewEvent } from '../../src/embedded/eventstore/log/record.js'

/** An event of the size that a workflow step has: about 270 bytes as stored. */
export function newEvent(): JSONEventData {
  return jsonEvent({
    type: 'NodeCompleted',
    data: { executionId: 'b6f0a1de-55c1-4bd4-8f1e-0b5f6f8f9a10', nodeId: 'node-17', attempt: 1, output: { value: 42 } },
    metadata: { correlationId: '4b1d8a52-91b5-4f43-9f0f-3a6f2f0c4d21' },
  })
}

/** The same as the server stores it. */
export function newStoredEvent(): NewEvent {
  const { id, type, data, metadata } = newEvent()
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value))
  return { id, type, isJson: true, data: encode(data), metadata: encode(metadata) }
}

export const newEvents = (count: number): JSONEventData[] => Array.from({ length: count }, newEvent)

/** Appends from `writers` at once for a time, each to streams of ten appends, and returns events per second. */
export async function appendFor(
  client: EventStoreDBClient,
  writers: number,
  eventsPerAppend: number,
  milliseconds: number,
): Promise<number> {
  const run = Math.random().toString(36).slice(2)
  const started = performance.now()
  let written = 0
  await Promise.all(
    Array.from({ length: writers }, async (_, writer) => {
      for (let append = 0; performance.now() - started < milliseconds; append++) {
        await client.appendToStream(`bench-${run}-${writer}-${Math.floor(append / 10)}`, newEvents(eventsPerAppend))
        written += eventsPerAppend
      }
    }),
  )
  return (written / (performance.now() - started)) * 1_000
}

/** Appends until there are at least `count` events to read, however slow the machine was before. */
export async function fill(client: EventStoreDBClient, count: number): Promise<void> {
  for (let missing = count - (await countAll(client)); missing > 0; missing -= 1_000) {
    await client.appendToStream('bench-fill', newEvents(1_000))
  }
}

async function countAll(client: EventStoreDBClient): Promise<number> {
  for await (const { commitPosition } of client.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: 1 })) {
    return Number(commitPosition)
  }
  return 0
}

/** Reads `count` events of `$all` and returns events per second. */
export async function readFor(client: EventStoreDBClient, count: number): Promise<number> {
  const started = performance.now()
  let read = 0
  for await (const _ of client.readAll({ maxCount: count })) read++
  return (read / (performance.now() - started)) * 1_000
}

/** The same by `data` events: to iterate costs the client more. */
export function readByEvents(client: EventStoreDBClient, count: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const started = performance.now()
    let read = 0
    const events = client.readAll({ maxCount: count })
    events.on('data', () => read++)
    events.on('error', reject)
    events.on('end', () => resolve((read / (performance.now() - started)) * 1_000))
  })
}

type SubscribeOptions = NonNullable<Parameters<EventStoreDBClient['subscribeToAll']>[0]>

/** Catches up with all of `$all` and returns events per second. */
export function catchUp(client: EventStoreDBClient, options: SubscribeOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    const started = performance.now()
    let read = 0
    const subscription = client.subscribeToAll(options)
    subscription.on('data', () => read++)
    subscription.on('error', reject)
    subscription.on('caughtUp', () => {
      resolve((read / (performance.now() - started)) * 1_000)
      void subscription.unsubscribe()
    })
  })
}

/** Time from the call of an append to the arrival of its event at a subscriber, in ms, sorted. */
export async function liveLatency(client: EventStoreDBClient, count: number): Promise<number[]> {
  const sent = new Map<string, number>()
  const latencies: number[] = []
  const subscription = client.subscribeToAll({ fromPosition: 'end' })
  subscription.on('data', ({ event }) => {
    const at = sent.get(event?.id ?? '')
    if (at !== undefined) latencies.push(performance.now() - at)
  })
  await new Promise<void>((resolve) => subscription.once('confirmation', resolve))
  for (let index = 0; index < count; index++) {
    const event = newEvent()
    sent.set(event.id, performance.now())
    await client.appendToStream('bench-live', event)
  }
  while (latencies.length < count) await new Promise((resolve) => setTimeout(resolve, 1))
  await subscription.unsubscribe()
  return latencies.sort((a, b) => a - b)
}

/** Events per second that one consumer of a group on `$all` gets and acknowledges. */
export async function groupDelivery(client: EventStoreDBClient, count: number): Promise<number> {
  const group = `bench-${Math.random().toString(36).slice(2)}`
  const settings = persistentSubscriptionToAllSettingsFromDefaults({ startFrom: 'start' })
  await client.createPersistentSubscriptionToAll(group, settings, {
    filter: streamNameFilter({ prefixes: ['bench-'] }),
  })
  const started = performance.now()
  const subscription = client.subscribeToPersistentSubscriptionToAll(group, { bufferSize: 200 })
  let received = 0
  for await (const event of subscription) {
    await subscription.ack(event)
    if (++received === count) break
  }
  const rate = (count / (performance.now() - started)) * 1_000
  await client.deletePersistentSubscriptionToAll(group)
  return rate
}
