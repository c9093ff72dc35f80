import { addInFlight, type Consumer, type InFlight, isBatchFull } from './consumer.js'
import type { GroupMessage } from './message.js'
import { type RetryQueue, scanArray, type Taken } from './retryQueue.js'
import type { ConsumerStrategy } from './strategies.js'
import type { Timeouts } from './timeouts.js'

/** What waits to be delivered: first what is tried again, then what was read. */
interface Waiting {
  readonly retries: RetryQueue
  readonly buffer: GroupMessage[]
  /** Brings more into the buffer. False where it has no room, or there is nothing more. */
  readonly readMore: () => boolean
}

/** Hands the messages of a group to those of its consumers that can take them. */
export class Dispatcher {
  private pumping = false

  constructor(
    private readonly consumers: readonly Consumer[],
    private readonly waiting: Waiting,
    private readonly strategy: ConsumerStrategy,
    private readonly timeouts: Timeouts,
  ) {}

  /** Delivers as much as the consumers can take. */
  pump(): void {
    if (this.pumping) return
    this.pumping = true
    try {
      do this.fill()
      while (this.send())
    } finally {
      this.pumping = false
    }
  }

  private fill(): void {
    const { retries, buffer, readMore } = this.waiting
    const offer = (message: GroupMessage) => this.offer(message)
    while (this.consumers.length > 0) {
      const open = retries.scan(offer) && scanArray(buffer, offer)
      if (!open || !readMore()) return
    }
  }

  private offer(message: GroupMessage): Taken {
    const consumer = this.strategy(this.consumers, message)
    if (typeof consumer === 'string') return consumer
    const entry: InFlight = { message, consumer, sentAt: Date.now() }
    addInFlight(entry)
    this.timeouts.add(entry)
    consumer.batch.add({ ...message.delivery, retryCount: message.retryCount })
    return 'sent'
  }

  /** Sends each consumer's share in one write. True when one had more to get than a write holds, and takes more. */
  private send(): boolean {
    let isMore = false
    for (const consumer of this.consumers) {
      if (consumer.batch.size === 0) continue
      const wasFull = isBatchFull(consumer)
      if (!consumer.batch.sendTo(consumer.call)) this.waitFor(consumer)
      else if (wasFull) isMore = true
    }
    return isMore
  }

  private waitFor(consumer: Consumer): void {
    consumer.isBlocked = true
    void consumer.call.drained().then(() => {
      consumer.isBlocked = false
      this.pump()
    })
  }
}
