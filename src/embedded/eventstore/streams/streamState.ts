import type { StreamMetadata } from './streamMetadata.js'

/** What is known of one stream. Immutable: a change makes a new one, so a failed commit has nothing to undo. */
export interface StreamState {
  readonly name: string
  /** The number that stands for the name in records and keys; 0 while the stream has never had an event. */
  readonly id: number
  /** Revision of the last event, -1 when there is none. Stays at the last real event when the stream is tombstoned. */
  readonly last: number
  readonly tombstoned: boolean
  readonly metadata: StreamMetadata
  /** Whether its metadata stream has ever had an event. */
  readonly hasMetadata: boolean
}

export const isMetastream = (name: string): boolean => name.startsWith('$$')
export const metastreamOf = (name: string): string => `$$${name}`
export const streamOfMetastream = (name: string): string => name.slice(2)
export const isSystemStream = (name: string): boolean => name.startsWith('$')

/** Deleted in a way that can be taken back by appending. */
export const isSoftDeleted = (state: StreamState): boolean => state.metadata.deleted

/** The lowest revision that reads may show. */
export function firstVisible(state: StreamState): number {
  const maxCount = isMetastream(state.name) ? 1 : state.metadata.maxCount
  const byCount = maxCount === undefined ? 0 : state.last - maxCount + 1
  return Math.max(0, byCount, state.metadata.truncateBefore ?? 0)
}

/** Events created before this, in ms, are expired. */
export function oldestVisible(state: StreamState, now: number): number {
  return state.metadata.maxAge === undefined ? 0 : now - state.metadata.maxAge * 1_000
}
