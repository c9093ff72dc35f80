import { setImmediate as nextTurn } from 'node:timers/promises'
import { eventKey } from '../log/keys.js'
import type { LogStore } from '../log/logStore.js'
import type { LogWriter } from '../log/logWriter.js'
import { createdOf, TOMBSTONE_REVISION } from '../log/record.js'
import type { Removal, Staging } from '../log/staging.js'
import { firstVisible, isMetastream, isSoftDeleted, oldestVisible, type StreamState } from '../streams/streamState.js'

const STREAMS_PER_STEP = 64
const EVENTS_PER_COMMIT = 1_000

export interface ScavengeResult {
  readonly streams: number
  readonly removed: number
}

/**
 * Takes out of the log what no reader of a stream can see any more: events behind a tombstone, `$tb`, `$maxCount` and
 * `$maxAge`, and metadata that newer metadata has replaced. The last event of a stream always stays, so that its
 * revisions go on and never start again. Appends and reads go on meanwhile.
 */
export async function scavenge(
  store: LogStore,
  writer: LogWriter,
  isStopped: () => boolean = () => false,
): Promise<ScavengeResult> {
  let streams = 0
  let removed = 0
  let after: Buffer | undefined
  for (;;) {
    const names = nextNames(store, after)
    for (const { name } of names) {
      if (isStopped()) return { streams, removed }
      const count = await scavengeStream(store, writer, name, isStopped)
      if (count > 0) streams++
      removed += count
    }
    after = names.at(-1)?.key
    if (!after) return { streams, removed }
    await nextTurn()
  }
}

function nextNames(store: LogStore, after: Buffer | undefined): { key: Buffer; name: string }[] {
  const start = after ? Buffer.concat([after, Buffer.of(0)]) : Buffer.of(0)
  const found: { key: Buffer; name: string }[] = []
  for (const { key, value } of store.database.names.getRange({ start, limit: STREAMS_PER_STEP })) {
    found.push({ key: Buffer.from(key), name: value.toString('utf8', 4) })
  }
  return found
}

async function scavengeStream(
  store: LogStore,
  writer: LogWriter,
  name: string,
  isStopped: () => boolean,
): Promise<number> {
  let removed = 0
  while (!isStopped() && findHidden(store, store.peekState(name), Date.now(), 1).length > 0) {
    removed += await writer.write((staging) => stageRemovals(store, staging, name))
  }
  return removed
}

/** Looks again while staging, since the stream may have changed. */
function stageRemovals(store: LogStore, staging: Staging, name: string): number {
  const hidden = findHidden(store, staging.state(name), staging.now, EVENTS_PER_COMMIT)
  for (const removal of hidden) staging.remove(removal)
  return hidden.length
}

function findHidden(store: LogStore, state: StreamState, now: number, limit: number): Removal[] {
  if (!mayHide(state)) return []
  const hidden: Removal[] = []
  const end = state.tombstoned ? state.last + 1 : state.last
  const visible = state.tombstoned || isSoftDeleted(state) ? end : Math.min(firstVisible(state), end)
  const oldest = oldestVisible(state, now)
  const range = { start: eventKey(state.id, 0), end: eventKey(state.id, Math.min(end, TOMBSTONE_REVISION)), limit }
  for (const { key, value } of store.database.index.getRange(range)) {
    const revision = key.readUIntBE(4, 6)
    const position = value.readUIntBE(0, 6)
    if (revision >= visible && !isExpired(store, position, oldest)) break
    hidden.push({ position, streamId: state.id, revision })
  }
  return hidden
}

function mayHide(state: StreamState): boolean {
  if (state.id === 0) return false
  const { maxCount, maxAge, truncateBefore, deleted } = state.metadata
  const limited = maxCount !== undefined || maxAge !== undefined || truncateBefore !== undefined
  return state.tombstoned || deleted || limited || isMetastream(state.name)
}

function isExpired(store: LogStore, position: number, oldest: number): boolean {
  if (oldest === 0) return false
  const record = store.record(position)
  return record !== undefined && createdOf(record) < oldest
}
