import { hash as digest } from 'node:crypto'
import { canonicalJson } from './canonicalJson.js'
import type { StoredEvent } from './events/recordedEvent.js'

/** The first event of a stream follows nothing. */
export const genesisHash = '0'.repeat(64)

/** What the chain covers of an event: where it stands, what it says, and everything in its metadata but the hash. */
export type ChainedEvent = Pick<StoredEvent, 'id' | 'stream' | 'revision' | 'type' | 'data' | 'metadata'>

const sha256 = (text: string): string => digest('sha256', text, 'hex')

/** `data` and `metadata` are canonical JSON already; the members stand in canonical order. */
export const hashOfCanonical = (
  event: Pick<StoredEvent, 'id' | 'stream' | 'revision' | 'type'>,
  data: string,
  metadata: string,
  prevHash: string,
): string =>
  sha256(
    `{"data":${data},"id":"${event.id}","metadata":${metadata},"prevHash":"${prevHash}","revision":${event.revision},"stream":${canonicalJson(event.stream)},"type":"${event.type}"}`,
  )

/** SHA-256 (hex) of the canonical JSON of { prevHash, stream, revision, id, type, data, metadata without hash } (events.md). */
const hashOf = (event: ChainedEvent, prevHash: string): string => {
  const { hash: _, ...metadata } = event.metadata as Record<string, unknown>
  const { id, stream, revision, type, data } = event
  return sha256(canonicalJson({ prevHash, stream, revision, id, type, data, metadata }))
}

export type ChainFault = 'revision_gap' | 'wrong_previous_hash' | 'wrong_hash' | 'unreadable_metadata'

export interface ChainBreak {
  readonly stream: string
  readonly revision: number
  readonly reason: ChainFault
}

/** Where a check of a stream stands: what the next event must be. Lets a long stream be checked piece by piece. */
export interface ChainCursor {
  readonly revision: number
  readonly hash: string
}

export const chainStart: ChainCursor = { revision: -1, hash: genesisHash }

const hashesOf = (metadata: unknown): { prevHash: string; hash: string } | undefined => {
  if (typeof metadata !== 'object' || metadata === null) return undefined
  const { prevHash, hash } = metadata as Record<string, unknown>
  return typeof prevHash === 'string' && typeof hash === 'string' ? { prevHash, hash } : undefined
}

/** The cursor after this event, or what is wrong with it. */
export const checkLink = (cursor: ChainCursor, event: ChainedEvent): ChainCursor | ChainBreak => {
  const broken = (reason: ChainFault): ChainBreak => ({ stream: event.stream, revision: event.revision, reason })
  if (event.revision !== cursor.revision + 1) return broken('revision_gap')
  const hashes = hashesOf(event.metadata)
  if (!hashes) return broken('unreadable_metadata')
  if (hashes.prevHash !== cursor.hash) return broken('wrong_previous_hash')
  if (hashes.hash !== hashOf(event, cursor.hash)) return broken('wrong_hash')
  return { revision: event.revision, hash: hashes.hash }
}

/** The first invalid event of one stream, given whole and in order; undefined when the chain holds. */
export const verifyChain = (events: Iterable<ChainedEvent>): ChainBreak | undefined => {
  let cursor = chainStart
  for (const event of events) {
    const next = checkLink(cursor, event)
    if ('reason' in next) return next
    cursor = next
  }
  return undefined
}
