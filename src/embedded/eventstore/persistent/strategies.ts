import { streamNameOf } from '../log/record.js'
import { type Consumer, hasRoom } from './consumer.js'
import type { ConsumerStrategyName } from './groupSettings.js'
import type { GroupMessage } from './message.js'

/** Picks the consumer of a message; `blocked` when its one is busy but another message may find one, `full` when none may. */
export type ConsumerStrategy = (consumers: readonly Consumer[], message: GroupMessage) => Consumer | 'blocked' | 'full'

export function createStrategy(name: ConsumerStrategyName): ConsumerStrategy {
  if (name === 'DispatchToSingle') return dispatchToSingle
  return name === 'Pinned' ? pinned : createRoundRobin()
}

/** The first consumer gets all; the next one only while the first is full. */
const dispatchToSingle: ConsumerStrategy = (consumers) => consumers.find(hasRoom) ?? 'full'

function createRoundRobin(): ConsumerStrategy {
  let turn = 0
  return (consumers) => {
    for (let tried = 0; tried < consumers.length; tried++) {
      const consumer = consumers[turn++ % consumers.length] as Consumer
      if (hasRoom(consumer)) return consumer
    }
    return 'full'
  }
}

/** Every stream has its consumer, as long as the consumers stay the same. */
const pinned: ConsumerStrategy = (consumers, message) => {
  const record = message.delivery.event ?? message.delivery.link
  let best: Consumer | undefined
  let highest = -1
  const stream = record ? streamNameOf(record) : ''
  // Rendezvous hashing: who comes or goes moves no other consumer's streams.
  for (const consumer of consumers) {
    const weight = hash(`${consumer.id}/${stream}`)
    if (weight > highest) {
      highest = weight
      best = consumer
    }
  }
  if (!best) return 'full'
  return hasRoom(best) ? best : 'blocked'
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  return value >>> 0
}
