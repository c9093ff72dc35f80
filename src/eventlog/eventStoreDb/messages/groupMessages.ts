import type { StoredEvent } from '../../../domain/events/recordedEvent.js'
import { decoder, finish, messageReader, newWriter, write } from './protobuf.js'
import { readRecordedEvent } from './recordedEvent.js'
import { writeUuid } from './shared.js'

/** The messages of a consumer of a persistent subscription: PersistentSubscriptions/Read. */

/** Kinds of a ReadReq. */
const request = { options: 1, ack: 2, nack: 3 } as const
const actions = { park: 1, retry: 2 } as const

/** Joins the group of $all with at most `buffer` unacknowledged events. Ids are asked for as text. */
export const joinRequest = (group: string, buffer: number): Buffer =>
  finish(
    write.message(newWriter(), request.options, (options) => {
      write.text(options, 2, group)
      write.uint(options, 3, buffer)
      write.message(options, 4, (uuid) => write.empty(uuid, 2))
      write.empty(options, 5)
    }),
  )

export const ackRequest = (ids: readonly string[]): Buffer =>
  finish(
    write.message(newWriter(), request.ack, (ack) => {
      for (const id of ids) writeUuid(ack, 2, id)
    }),
  )

export const nackRequest = (id: string, action: keyof typeof actions, reason: string): Buffer =>
  finish(
    write.message(newWriter(), request.nack, (nack) => {
      writeUuid(nack, 2, id)
      write.uint(nack, 3, actions[action])
      write.text(nack, 4, reason)
    }),
  )

export interface Delivery {
  /** Undefined where the message confirms the subscription, or the event is gone. */
  event: StoredEvent | undefined
  retryCount: number
}
const nothing = (): Delivery => ({ event: undefined, retryCount: 0 })

const readDelivery = messageReader(nothing, {
  1: (reader, delivery) => {
    delivery.event = readRecordedEvent(reader)
  },
  5: (reader, delivery) => {
    delivery.retryCount = reader.int32()
  },
})

/** One message of the group (ReadResp). */
export const decodeDelivery = decoder(
  messageReader(nothing, {
    1: (reader, delivery) => {
      Object.assign(delivery, readDelivery(reader))
    },
  }),
)
