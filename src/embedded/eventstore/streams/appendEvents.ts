import { randomUUID } from 'node:crypto'
import type { NewEvent } from '../log/record.js'
import type { Staging } from '../log/staging.js'
import { decideWrite, type ExpectedRevision } from './expectedRevision.js'
import { withTruncateBefore } from './streamMetadata.js'
import { isMetastream, isSoftDeleted, metastreamOf, streamOfMetastream } from './streamState.js'

export type AppendOutcome =
  | { readonly kind: 'written'; readonly last: number; readonly position: number }
  | { readonly kind: 'wrong'; readonly current: number }
  | { readonly kind: 'deleted' }

const EMPTY = Buffer.alloc(0)

/** Decides and stages one append: all of its events or none. */
export function stageAppend(
  staging: Staging,
  name: string,
  expected: ExpectedRevision,
  events: readonly NewEvent[],
): AppendOutcome {
  const state = staging.state(name)
  const decision = decideWrite(
    staging,
    state,
    expected,
    events.map((event) => event.id),
  )
  if (decision.kind === 'wrong' || decision.kind === 'deleted') return decision
  if (decision.kind === 'repeat') {
    return { kind: 'written', last: decision.last, position: staging.positionOf(state, decision.last) ?? staging.head }
  }
  if (events.length === 0) return { kind: 'written', last: state.last, position: staging.head }

  // A stream that comes back from a soft delete shows only what is appended from now on.
  const base = isMetastream(name) ? staging.state(streamOfMetastream(name)) : state
  const position = appendAll(staging, name, events)
  const last = staging.state(name).last
  if (isSoftDeleted(base)) {
    const raw = isMetastream(name) ? staging.state(base.name).metadata.raw : base.metadata.raw
    staging.append(metastreamOf(base.name), metadataEvent(withTruncateBefore(raw, base.last + 1)))
  }
  return { kind: 'written', last, position }
}

function appendAll(staging: Staging, name: string, events: readonly NewEvent[]): number {
  let position = 0
  for (const event of events) position = staging.append(name, event)
  return position
}

export function metadataEvent(data: Buffer): NewEvent {
  return { id: randomUUID(), type: '$metadata', isJson: true, metadata: EMPTY, data }
}
