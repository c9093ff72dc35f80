import { randomUUID } from 'node:crypto'
import type { ServerContext } from '../context.js'
import { type NewEvent, payloadOf, revisionOf, streamNameOf } from '../log/record.js'
import { metadataEvent, stageAppend } from '../streams/appendEvents.js'
import { stageDelete } from '../streams/deleteStream.js'
import { deliver, LINK_TYPE, parseLink } from '../streams/links.js'
import { readStreamForwards } from '../streams/readPages.js'
import { withTruncateBefore } from '../streams/streamMetadata.js'
import { firstVisible, isSoftDeleted, metastreamOf } from '../streams/streamState.js'
import type { GroupDefinition } from './groupSettings.js'
import { createMessage, type GroupMessage, originalOf } from './message.js'

const PAGE = 256

/** The messages that a group has given up: links in a stream of their own, which anyone may read. */
export interface ParkedStream {
  readonly name: string
  count(): number
  parkAll(messages: readonly GroupMessage[], reason: string): Promise<void>
  /** Takes the parked messages before revision `stopAt`, or all, off the stream. */
  takeAll(stopAt: number | undefined): Promise<GroupMessage[]>
  /** Ends the stream, when the group is deleted. */
  remove(): Promise<void>
}

export function createParkedStream({ store, writer }: ServerContext, group: GroupDefinition): ParkedStream {
  const name = `$persistentsubscription-${group.source}::${group.name}-parked`

  const first = () => firstVisible(store.state(name))

  const hideBefore = (revision: number) =>
    writer.write((staging) => {
      const { metadata } = staging.state(name)
      staging.append(metastreamOf(name), metadataEvent(withTruncateBefore(metadata.raw, revision)))
    })

  const readAll = (from: number, end: number): GroupMessage[] => {
    const messages: GroupMessage[] = []
    for (let next = from; next < end; ) {
      const page = readStreamForwards(store, store.state(name), next, Math.min(PAGE, end - next))
      for (const { record } of page.records) {
        const message = revisionOf(record) < end ? readParked(record) : undefined
        if (message) messages.push(message)
      }
      next = page.next
      if (page.ended) break
    }
    return messages
  }

  /** The message a parked link stands for; nothing when its event is gone. */
  const readParked = (link: Buffer): GroupMessage | undefined => {
    const target = parseLink(payloadOf(link).data)
    if (!target) return undefined
    const { id } = store.state(target.stream)
    const position = id === 0 ? undefined : store.view.positionOf(id, target.revision)
    const record = position === undefined ? undefined : store.record(position)
    if (position === undefined || !record) return undefined
    const order = group.source === '$all' ? position : target.revision
    return createMessage(order, deliver(store, { position, record }, group.settings.resolveLinks), true)
  }

  /** Nothing for a message whose record is gone. */
  const linkFor = (message: GroupMessage, reason: string): NewEvent[] => {
    const record = originalOf(message)
    if (!record) return []
    const metadata = JSON.stringify({ added: new Date().toISOString(), reason, subscriptionEventNumber: message.order })
    const data = Buffer.from(`${revisionOf(record)}@${streamNameOf(record)}`)
    return [{ id: randomUUID(), type: LINK_TYPE, isJson: false, metadata: Buffer.from(metadata), data }]
  }

  return {
    name,
    count() {
      const state = store.state(name)
      return isSoftDeleted(state) ? 0 : Math.max(0, state.last + 1 - first())
    },
    async parkAll(messages, reason) {
      const links = messages.flatMap((message) => linkFor(message, reason))
      if (links.length > 0) await writer.write((staging) => stageAppend(staging, name, 'any', links))
    },
    async takeAll(stopAt) {
      const state = store.state(name)
      const end = Math.min(stopAt ?? state.last + 1, state.last + 1)
      const messages = readAll(first(), end)
      if (end > first()) await hideBefore(end)
      return messages
    },
    async remove() {
      if (store.state(name).last >= 0) await writer.write((staging) => stageDelete(staging, name, 'any'))
    },
  }
}
