import type { LogStore } from '../log/logStore.js'
import type { PositionedRecord } from '../log/logView.js'
import { createdOf, eventTypeOf, payloadOf } from '../log/record.js'
import type { Delivery } from '../wire/readResponses.js'
import { firstVisible, isSoftDeleted, oldestVisible } from './streamState.js'

export const LINK_TYPE = '$>'

const LAST_REVISION = 2n ** 63n - 1n

/** Makes a delivery of a stored event, following a link one step where that is asked for. */
export function deliver(store: LogStore, { position, record }: PositionedRecord, resolveLinks: boolean): Delivery {
  if (!resolveLinks || eventTypeOf(record) !== LINK_TYPE) return { position, event: record }
  const target = parseLink(payloadOf(record).data)
  if (!target) return { position, event: record }
  // A record on loan does not outlast the read of its target.
  const link = Buffer.from(record)
  return { position, event: readTarget(store, target), link }
}

interface LinkTarget {
  readonly stream: string
  readonly revision: number
}

/** Splits `<revision>@<stream>` at the first `@`. */
export function parseLink(data: Buffer): LinkTarget | undefined {
  const text = data.toString('utf8')
  const at = text.indexOf('@')
  const number = at < 0 ? '' : text.slice(0, at)
  // A number of more than 53 bits is rounded, and leads nowhere either way.
  if (!/^\d{1,19}$/.test(number) || BigInt(number) > LAST_REVISION) return undefined
  return { revision: Number(number), stream: text.slice(at + 1) }
}

/** The event a link points to, if a reader of its stream could see it. */
function readTarget(store: LogStore, { stream, revision }: LinkTarget): Buffer | undefined {
  const state = store.state(stream)
  if (state.id === 0 || state.tombstoned || isSoftDeleted(state)) return undefined
  if (revision < firstVisible(state) || revision > state.last) return undefined
  const record = store.recordOf(state.id, revision)
  return record && createdOf(record) >= oldestVisible(state, Date.now()) ? record : undefined
}
