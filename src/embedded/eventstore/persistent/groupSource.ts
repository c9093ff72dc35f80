import type { ServerContext } from '../context.js'
import { revisionOf } from '../log/record.js'
import { deliver } from '../streams/links.js'
import { readAllForwards, readStreamForwards } from '../streams/readPages.js'
import { firstVisible, isSoftDeleted, oldestVisible } from '../streams/streamState.js'
import { isHiddenFromAll } from '../streams/visitRecords.js'
import { compileFilter } from '../subscriptions/eventFilter.js'
import { ALL, type GroupDefinition } from './groupSettings.js'
import { createMessage, type GroupMessage } from './message.js'

/** What a group reads from, in terms of its own order: positions of `$all` or revisions of a stream. */
export interface GroupSource {
  /** Reads on from `from`, which is included; `next` is where to read on. */
  read(from: number, limit: number): { messages: GroupMessage[]; next: number }
  /** The order of the last event there is; -1 or 0 when there is none. */
  last(): number
  onCommit(listener: () => void): () => void
}

export function createSource(context: ServerContext, group: GroupDefinition): GroupSource {
  return group.source === ALL ? allSource(context, group) : streamSource(context, group)
}

function allSource({ store, feed }: ServerContext, { settings, filter }: GroupDefinition): GroupSource {
  const matches = filter && compileFilter(filter)
  const isWanted = (record: Buffer) => !isHiddenFromAll(record) && (!matches || matches(record))
  return {
    read(from, limit) {
      const page = readAllForwards(store, from, limit, isWanted)
      const messages = page.records.map((found) =>
        createMessage(found.position, deliver(store, found, settings.resolveLinks)),
      )
      return { messages, next: page.next }
    },
    last: () => store.head,
    onCommit: feed.onCommit,
  }
}

function streamSource({ store, feed }: ServerContext, { source, settings }: GroupDefinition): GroupSource {
  return {
    read(from, limit) {
      const state = store.state(source)
      if (state.tombstoned || isSoftDeleted(state)) return { messages: [], next: from }
      const start = Math.max(from, firstVisible(state))
      const page = readStreamForwards(store, state, start, limit, oldestVisible(state, Date.now()))
      const messages = page.records.map((found) =>
        createMessage(revisionOf(found.record), deliver(store, found, settings.resolveLinks)),
      )
      return { messages, next: page.next }
    },
    last: () => store.state(source).last,
    onCommit: (listener) => feed.onStreamCommit(source, listener),
  }
}
