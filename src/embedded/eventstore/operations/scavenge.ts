import { setImmediate as nextTurn } from 'node:timers/promises'
import type { LogStore } from '../log/logStore.js'
import type { LogWriter } from '../log/logWriter.js'
import { createdOf } from '../log/record.js'
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
  // Names are looked up in the data file.
  await writer.settle()
  let streams = 0
  let removed = 0
  let after: Buffer | undefined
  for (;;) {
    const names = store.view.settledNames(after, STREAMS_PER_STEP)
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
  for (const { revision, position } of store.view.entriesFrom(state.id, 0, end - 1, limit)) {
    if (hidden.length === limit) break
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
