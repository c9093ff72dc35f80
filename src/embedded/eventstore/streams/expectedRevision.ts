import { eventIdOf } from '../log/record.js'
import type { Staging } from '../log/staging.js'
import { isSoftDeleted, type StreamState } from './streamState.js'

/** What a writer expects of a stream: a revision, or one of the names of the protocol. */
export type ExpectedRevision = number | 'any' | 'no_stream' | 'stream_exists'

type Decision =
  | { readonly kind: 'accept' }
  /** The same events are there already: answer as the first time. */
  | { readonly kind: 'repeat'; readonly last: number }
  | { readonly kind: 'wrong'; readonly current: number }
  | { readonly kind: 'deleted' }

const ACCEPT: Decision = { kind: 'accept' }

/** Decides on a write as EventStoreDB's index writer does (`IndexWriter.CheckCommit`), in its order. */
export function decideWrite(
  staging: Staging,
  state: StreamState,
  expected: ExpectedRevision,
  ids: readonly string[],
): Decision {
  if (state.tombstoned) return { kind: 'deleted' }
  if (expected === 'stream_exists') {
    if (isSoftDeleted(state)) return { kind: 'deleted' }
    if (state.last < 0 && !state.hasMetadata) return wrong(state)
  }
  if (expected === 'any' || expected === 'stream_exists') return matchRecentIds(staging, state, ids)
  const revision = expected === 'no_stream' ? -1 : expected
  if (revision === state.last) return ACCEPT
  if (revision > state.last) return wrong(state)
  return matchStored(staging, state, revision, ids)
}

/** Without an exact revision, the recently used ids tell a repeated append. */
function matchRecentIds(staging: Staging, state: StreamState, ids: readonly string[]): Decision {
  let last = -1
  for (const [index, id] of ids.entries()) {
    const known = staging.findId(id)
    if (known && known.streamId === state.id) last = known.revision
    else return index === 0 ? ACCEPT : wrong(state)
  }
  return ids.length === 0 ? ACCEPT : { kind: 'repeat', last }
}

/** Behind an exact revision, the events that stand there tell it. */
function matchStored(staging: Staging, state: StreamState, revision: number, ids: readonly string[]): Decision {
  if (ids.length === 0) return wrong(state)
  for (const [index, id] of ids.entries()) {
    const record = staging.record(state, revision + 1 + index)
    if (record && eventIdOf(record) === id) continue
    return index === 0 && revision === -1 && isSoftDeleted(state) ? ACCEPT : wrong(state)
  }
  return { kind: 'repeat', last: revision + ids.length }
}

function wrong(state: StreamState): Decision {
  return { kind: 'wrong', current: state.last }
}
