import type { FeedItem } from '../../eventFeed.js'
import { decoder, messageReader } from './protobuf.js'
import { readRecordedEvent } from './recordedEvent.js'
import { readPosition } from './shared.js'

interface ReadAnswer {
  /** Undefined where the message says nothing to us: a confirmation, or that there is no such stream. */
  item: FeedItem | undefined
}
const nothing = (): ReadAnswer => ({ item: undefined })

/** ReadResp.ReadEvent. Links are never resolved for us, so there is an event and nothing else that matters. */
const readEvent = messageReader(nothing, {
  1: (reader, answer) => {
    answer.item = { kind: 'event', event: readRecordedEvent(reader) }
  },
})

/** One message of a read or a subscription (ReadResp). */
export const decodeReadResponse = decoder(
  messageReader(nothing, {
    1: (reader, answer) => {
      answer.item = readEvent(reader).item
    },
    3: (reader, answer) => {
      answer.item = { kind: 'checkpoint', position: readPosition(reader).commit }
    },
    8: (reader, answer) => {
      reader.skipType(2)
      answer.item = { kind: 'caughtUp' }
    },
  }),
)
