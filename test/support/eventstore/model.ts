import type { AppendExpectedRevision } from '@eventstore/db-client'

/** What a call comes to: the last revision, or a kind of error. */
export type Outcome = number | 'done' | 'wrong-expected-version' | 'stream-deleted' | 'stream-not-found'

/** A stream as the rules of the protocol describe it, in the plainest form. */
export interface ModelStream {
  /** Ids by revision. */
  readonly ids: readonly string[]
  readonly hasMetadata: boolean
  readonly maxCount: number | undefined
  readonly truncateBefore: number
  readonly deleted: boolean
  readonly tombstoned: boolean
}

export const emptyModel = (): ModelStream => ({
  ids: [],
  hasMetadata: false,
  maxCount: undefined,
  truncateBefore: 0,
  deleted: false,
  tombstoned: false,
})

export function modelAppend(
  stream: ModelStream,
  ids: readonly string[],
  expected: AppendExpectedRevision,
): { outcome: Outcome; next: ModelStream } {
  const last = stream.ids.length - 1
  const stay = (outcome: Outcome) => ({ outcome, next: stream })
  const accept = () => {
    // The client reads the answer "no stream" as revision 0.
    if (ids.length === 0) return stay(Math.max(0, last))
    const back = stream.deleted ? { deleted: false, truncateBefore: last + 1, maxCount: undefined } : {}
    return {
      outcome: last + ids.length,
      next: { ...stream, ...back, hasMetadata: stream.hasMetadata || stream.deleted, ids: [...stream.ids, ...ids] },
    }
  }
  if (expected === 'stream_exists') {
    if (stream.deleted) return stay('stream-deleted')
    if (last < 0 && !stream.hasMetadata) return stay('wrong-expected-version')
  }
  if (expected === 'any' || expected === 'stream_exists') {
    if (ids.length === 0 || !stream.ids.includes(ids[0] as string)) return accept()
    const known = ids.map((id) => stream.ids.lastIndexOf(id))
    return known.includes(-1) ? stay('wrong-expected-version') : stay(known.at(-1) as number)
  }
  const revision = expected === 'no_stream' ? -1 : Number(expected)
  if (revision === last) return accept()
  if (revision > last || ids.length === 0) return stay('wrong-expected-version')
  const matching = ids.filter((id, index) => stream.ids[revision + 1 + index] === id).length
  if (matching === ids.length) return stay(revision + ids.length)
  const first = stream.ids[revision + 1] === ids[0]
  return !first && revision === -1 && stream.deleted ? accept() : stay('wrong-expected-version')
}

export function modelDelete(stream: ModelStream): { outcome: Outcome; next: ModelStream } {
  if (stream.ids.length === 0 && !stream.hasMetadata) return { outcome: 'wrong-expected-version', next: stream }
  return { outcome: 'done', next: { ...stream, deleted: true, hasMetadata: true, maxCount: undefined } }
}

export function modelMetadata(stream: ModelStream, maxCount: number | undefined, truncateBefore = 0): ModelStream {
  const kept = stream.deleted ? stream.ids.length : truncateBefore
  return { ...stream, hasMetadata: true, deleted: false, maxCount, truncateBefore: kept }
}

export const modelTombstone = (stream: ModelStream): ModelStream => ({ ...stream, tombstoned: true })

export function modelRead(stream: ModelStream): Outcome | readonly string[] {
  if (stream.tombstoned) return 'stream-deleted'
  if (stream.ids.length === 0 || stream.deleted) return 'stream-not-found'
  const byCount = stream.maxCount === undefined ? 0 : stream.ids.length - stream.maxCount
  return stream.ids.slice(Math.max(0, byCount, stream.truncateBefore))
}
