import { randomUUID } from 'node:crypto'
import type { Call } from '../wire/call.js'
import { ResponseBatch } from '../wire/readResponses.js'
import type { GroupMessage } from './message.js'
import { createThroughput, type Throughput } from './throughput.js'

export interface InFlight {
  readonly message: GroupMessage
  readonly consumer: Consumer
  /** Milliseconds since the epoch. */
  readonly sentAt: number
}

/** One connection to a group. */
export interface Consumer {
  readonly id: string
  readonly call: Call
  /** Most messages that may be unacknowledged. */
  readonly bufferSize: number
  readonly from: string
  readonly user: string
  readonly connectionName: string
  /** By message id; more than one only where a stream holds an id twice. */
  readonly inFlight: Map<string, InFlight[]>
  inFlightCount: number
  /** It has not taken what was sent to it yet. */
  isBlocked: boolean
  readonly batch: ResponseBatch
  readonly throughput: Throughput
}

interface ConsumerOptions {
  readonly bufferSize: number
  readonly structuredIds: boolean
  readonly from: string
  readonly user: string
  readonly connectionName: string
  readonly extraStatistics: boolean
}

export function createConsumer(call: Call, options: ConsumerOptions): Consumer {
  const { structuredIds, extraStatistics, ...rest } = options
  return {
    ...rest,
    id: randomUUID(),
    call,
    inFlight: new Map(),
    inFlightCount: 0,
    isBlocked: false,
    batch: new ResponseBatch(structuredIds, 4_096),
    throughput: createThroughput(extraStatistics),
  }
}

export const hasRoom = (consumer: Consumer): boolean =>
  consumer.inFlightCount < consumer.bufferSize && !consumer.isBlocked && !isBatchFull(consumer)

export const isBatchFull = (consumer: Consumer): boolean => consumer.batch.size >= consumer.call.portion

export function addInFlight(entry: InFlight): void {
  const { consumer, message } = entry
  const same = consumer.inFlight.get(message.id)
  if (same) same.push(entry)
  else consumer.inFlight.set(message.id, [entry])
  consumer.inFlightCount++
}

export function takeInFlight(consumer: Consumer, id: string): InFlight | undefined {
  const entries = consumer.inFlight.get(id)
  const entry = entries?.shift()
  if (!entry) return undefined
  if (entries?.length === 0) consumer.inFlight.delete(id)
  consumer.inFlightCount--
  return entry
}
