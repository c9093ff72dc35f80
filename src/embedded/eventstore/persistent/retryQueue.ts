import type { GroupMessage } from './message.js'

/** Messages to be delivered again, lowest order first. Short, so a sorted array does. */
export class RetryQueue {
  private readonly messages: GroupMessage[] = []

  get length(): number {
    return this.messages.length
  }

  all(): readonly GroupMessage[] {
    return this.messages
  }

  add(message: GroupMessage): void {
    let low = 0
    let high = this.messages.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.messages[middle] as GroupMessage).order <= message.order) low = middle + 1
      else high = middle
    }
    this.messages.splice(low, 0, message)
  }

  /** Hands each message to `take`, which tells whether to go on and whether the message is gone. */
  scan(take: (message: GroupMessage) => Taken): boolean {
    return scanArray(this.messages, take)
  }
}

/** `sent` leaves the queue; `blocked` stays, and others may go; `full` stays, and nothing else can go either. */
export type Taken = 'sent' | 'blocked' | 'full'

/** Offers messages in order and removes the sent ones in one go. False when the consumers are full. */
export function scanArray(messages: GroupMessage[], take: (message: GroupMessage) => Taken): boolean {
  let kept = 0
  let index = 0
  let open = true
  for (; index < messages.length; index++) {
    const message = messages[index] as GroupMessage
    const taken = take(message)
    if (taken === 'sent') continue
    if (taken === 'full') {
      open = false
      break
    }
    messages[kept++] = message
  }
  if (kept < index) messages.splice(kept, index - kept)
  return open
}
