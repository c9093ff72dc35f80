import type { ServerContext } from '../context.js'
import { type Checkpointer, createCheckpointer } from './checkpointer.js'
import { type Consumer, type InFlight, takeInFlight } from './consumer.js'
import { Dispatcher } from './dispatcher.js'
import type { GroupDefinition } from './groupSettings.js'
import { createSource, type GroupSource } from './groupSource.js'
import type { GroupMessage } from './message.js'
import type { NackAction } from './nackAction.js'
import { createParkedStream, type ParkedStream } from './parkedStream.js'
import { RetryQueue } from './retryQueue.js'
import { createStrategy } from './strategies.js'
import { createThroughput, type Throughput } from './throughput.js'
import { createTimeouts, type Timeouts } from './timeouts.js'

/** It stops all the same, and delivers more than once what was not written down. */
const warn = ({ source, name }: GroupDefinition, error: unknown): void =>
  process.emitWarning(`How far group ${name} on ${source} has come could not be written down: ${error}`)

/**
 * A persistent subscription: reads its source, hands each event to one consumer, and forgets it when that is
 * acknowledged. What is read and not done with is remembered by its order; the lowest of these bounds the checkpoint.
 */
export class SubscriptionGroup {
  readonly parked: ParkedStream
  readonly throughput: Throughput
  readonly consumers: Consumer[] = []
  readonly buffer: GroupMessage[] = []
  readonly retries = new RetryQueue()
  readonly checkpointer: Checkpointer
  private readonly source: GroupSource
  private readonly timeouts: Timeouts
  private readonly dispatcher: Dispatcher
  /** Orders that are read and not done with, in the order of reading. */
  private readonly outstanding = new Set<number>()
  private readonly start: number
  private next: number
  private stopListening: (() => void) | undefined

  constructor(
    context: ServerContext,
    readonly definition: GroupDefinition,
    checkpoint: number | undefined,
    firstOrder: number,
    writeCheckpoint: (order: number) => Promise<unknown>,
  ) {
    const { settings } = definition
    this.source = createSource(context, definition)
    this.parked = createParkedStream(context, definition)
    this.throughput = createThroughput(settings.extraStatistics)
    this.timeouts = createTimeouts(settings.messageTimeout, (entry) => this.onTimeout(entry))
    this.dispatcher = new Dispatcher(
      this.consumers,
      { retries: this.retries, buffer: this.buffer, readMore: () => this.readMore() },
      createStrategy(settings.strategy),
      this.timeouts,
    )
    this.start = checkpoint === undefined ? firstOrder : checkpoint + 1
    this.next = this.start
    this.checkpointer = createCheckpointer(settings, checkpoint, () => this.progress(), writeCheckpoint)
  }

  get inFlightCount(): number {
    return this.consumers.reduce((sum, consumer) => sum + consumer.inFlightCount, 0)
  }

  get outstandingCount(): number {
    return this.outstanding.size
  }

  get lastKnown(): number {
    return this.source.last()
  }

  get isLive(): boolean {
    return this.next > this.source.last()
  }

  /** Order of the last event that need not be delivered again, written down or not; undefined before the first. */
  get reached(): number | undefined {
    const { written } = this.checkpointer
    const order = this.progress()
    return order > (written ?? -1) ? order : written
  }

  connect(consumer: Consumer): void {
    this.consumers.push(consumer)
    this.stopListening ??= this.source.onCommit(() => this.dispatcher.pump())
    consumer.call.onClose(() => this.disconnect(consumer))
    this.dispatcher.pump()
  }

  ack(consumer: Consumer, ids: readonly string[]): void {
    for (const id of ids) {
      const entry = this.settle(consumer, id)
      if (entry) this.done(entry.message)
    }
    this.dispatcher.pump()
  }

  nack(consumer: Consumer, ids: readonly string[], action: NackAction, reason: string): void {
    for (const id of ids) {
      const entry = this.settle(consumer, id)
      if (!entry) continue
      if (action === 'park') this.park(entry.message, `Client explicitly NAK'ed message.\n${reason}`)
      else if (action === 'skip' || action === 'stop') this.done(entry.message)
      else this.retry(entry.message)
    }
    this.dispatcher.pump()
  }

  async replayParked(stopAt: number | undefined): Promise<void> {
    for (const message of await this.parked.takeAll(stopAt)) this.retries.add(message)
    this.dispatcher.pump()
  }

  /**
   * Ends every connection with an error and writes down how far the group has come. Messages that were parked, replayed and
   * not answered stand nowhere else, so they are parked again.
   */
  async stop(reason: unknown): Promise<void> {
    const isBehind = this.reached !== this.checkpointer.written
    const inFlight = this.consumers.flatMap(({ inFlight: entries }) => [...entries.values()].flat())
    const replayed = [...this.retries.all(), ...inFlight.map(({ message }) => message)].filter((one) => one.replayed)
    for (const consumer of this.consumers.splice(0)) {
      consumer.call.fail(reason)
      // Answers that are still on their way are for messages that are delivered anew.
      consumer.inFlight.clear()
    }
    this.stopListening?.()
    this.stopListening = undefined
    this.timeouts.stop()
    this.checkpointer.stop()
    const writes = [
      this.parked.parkAll(replayed, 'Replayed and not acknowledged.'),
      isBehind && this.checkpointer.flush(),
    ]
    for (const outcome of await Promise.allSettled(writes)) {
      if (outcome.status === 'rejected') warn(this.definition, outcome.reason)
    }
  }

  /** Order of the last event before the first that is not done with; -1 while that is the one the group began with. */
  private progress(): number {
    const [lowest = this.next] = this.outstanding
    return lowest <= this.start ? -1 : lowest - 1
  }

  private readMore(): boolean {
    const { historyBufferSize, readBatchSize } = this.definition.settings
    const room = historyBufferSize - this.buffer.length
    if (room < readBatchSize || this.next > this.source.last()) return false
    const { messages, next } = this.source.read(this.next, Math.max(readBatchSize, room))
    if (next === this.next) return false
    this.next = next
    for (const message of messages) {
      this.outstanding.add(message.order)
      this.buffer.push(message)
    }
    return true
  }

  private settle(consumer: Consumer, id: string): InFlight | undefined {
    const entry = takeInFlight(consumer, id)
    if (!entry) return undefined
    this.timeouts.remove(entry)
    const took = Date.now() - entry.sentAt
    consumer.throughput.add(took)
    this.throughput.add(took)
    return entry
  }

  private done(message: GroupMessage): void {
    if (message.replayed) return
    this.outstanding.delete(message.order)
    this.checkpointer.processed()
  }

  private retry(message: GroupMessage): void {
    const { maxRetryCount } = this.definition.settings
    if (message.retryCount >= maxRetryCount) this.park(message, `Reached retry count of ${maxRetryCount}`)
    else this.retries.add({ ...message, retryCount: message.retryCount + 1 })
  }

  private park(message: GroupMessage, reason: string): void {
    this.parked.parkAll([message], reason).then(
      () => this.done(message),
      // Not parked, so not done with: it is delivered again.
      () => {
        this.retries.add(message)
        this.dispatcher.pump()
      },
    )
  }

  private onTimeout(entry: InFlight): void {
    takeInFlight(entry.consumer, entry.message.id)
    this.retry(entry.message)
    this.dispatcher.pump()
  }

  private disconnect(consumer: Consumer): void {
    const index = this.consumers.indexOf(consumer)
    if (index < 0) return
    this.consumers.splice(index, 1)
    for (const entries of consumer.inFlight.values()) {
      for (const entry of entries) {
        this.timeouts.remove(entry)
        this.retry(entry.message)
      }
    }
    consumer.inFlight.clear()
    if (this.consumers.length > 0) this.dispatcher.pump()
    else {
      this.stopListening?.()
      this.stopListening = undefined
    }
  }
}
