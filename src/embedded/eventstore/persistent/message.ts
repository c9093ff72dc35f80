import { eventIdOf } from '../log/record.js'
import type { Delivery } from '../wire/readResponses.js'

/** One event on its way through a group. */
export interface GroupMessage {
  /** What consumers acknowledge: the id of the link when there is one, else of the event. */
  readonly id: string
  /** Position in `$all`, or revision in the stream: the order of delivery. */
  readonly order: number
  readonly delivery: Delivery
  readonly retryCount: number
  /** It came from the parked stream, so it has no part in the checkpoint. */
  readonly replayed: boolean
}

export function createMessage(order: number, delivery: Delivery, replayed = false): GroupMessage {
  const original = delivery.link ?? delivery.event
  return { id: original ? eventIdOf(original) : '', order, delivery, retryCount: 0, replayed }
}

/** The record that stands in the source of the group. */
export function originalOf(message: GroupMessage): Buffer | undefined {
  return message.delivery.link ?? message.delivery.event
}
