import { randomUUID } from 'node:crypto'
import type { Staging } from '../log/staging.js'
import { metadataEvent } from './appendEvents.js'
import { decideWrite, type ExpectedRevision } from './expectedRevision.js'
import { SOFT_DELETED } from './streamMetadata.js'
import { metastreamOf } from './streamState.js'

export type DeleteOutcome =
  | { readonly kind: 'written'; readonly position: number }
  | { readonly kind: 'wrong'; readonly current: number }
  | { readonly kind: 'deleted' }

const EMPTY = Buffer.alloc(0)

/** Hides all events of a stream until something is appended to it again. Any other metadata of the stream is lost. */
export function stageDelete(staging: Staging, name: string, expected: ExpectedRevision): DeleteOutcome {
  const refusal = refuse(staging, name, expected)
  if (refusal) return refusal
  const state = staging.state(name)
  if (state.last < 0 && !state.hasMetadata) return { kind: 'wrong', current: -1 }
  const metadata = metadataEvent(Buffer.from(`{"$tb":${SOFT_DELETED}}`))
  return { kind: 'written', position: staging.append(metastreamOf(name), metadata) }
}

/** Ends a stream for good. */
export function stageTombstone(staging: Staging, name: string, expected: ExpectedRevision): DeleteOutcome {
  const refusal = refuse(staging, name, expected)
  if (refusal) return refusal
  const event = { id: randomUUID(), type: '$streamDeleted', isJson: false, metadata: EMPTY, data: EMPTY }
  return { kind: 'written', position: staging.appendTombstone(name, event) }
}

function refuse(staging: Staging, name: string, expected: ExpectedRevision): DeleteOutcome | undefined {
  const decision = decideWrite(staging, staging.state(name), expected, [randomUUID()])
  if (decision.kind === 'accept') return undefined
  // A random id repeats nothing.
  return decision.kind === 'deleted' ? decision : { kind: 'wrong', current: staging.state(name).last }
}
