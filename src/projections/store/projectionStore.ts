import type { LoadRequest, TableChanges } from '../fold/batchFold.js'
import type { Projection, Row, Table } from '../model/projection.js'

/** One set of a projection's rows. Readers see the `active` one. */
export interface GenerationRef {
  readonly projection: Projection
  readonly generation: number
}

/**
 * `building`: not read by anyone yet. `active`: what readers see. `kept`: what they saw before; it is fed so that one can go
 * back. `retired`: of another version of the projection, so it can't be fed any more.
 */
export type GenerationState = 'building' | 'active' | 'kept' | 'retired'

export interface Generation {
  readonly generation: number
  readonly version: number
  readonly state: GenerationState
  /** Everything up to this log position is applied; null: nothing yet. */
  readonly position: bigint | null
}

/** An event that could not be applied; what comes after it in its stream is held back. */
export interface DeadLetterRecord {
  readonly stream: string
  readonly position: bigint
  readonly revision: number
  readonly eventId: string
  readonly type: string
  readonly reason: string
}

export interface StoredDeadLetter extends DeadLetterRecord {
  readonly held: number
  readonly at: string
}

export interface DeadLetterChanges {
  readonly add: readonly DeadLetterRecord[]
  /** Streams that are held no longer. */
  readonly remove: readonly string[]
  /** By stream: events that this batch holds back behind its dead letter. */
  readonly held: ReadonlyMap<string, number>
}

export const noDeadLetterChanges: DeadLetterChanges = { add: [], remove: [], held: new Map() }

export interface Commit {
  readonly ref: GenerationRef
  /** The checkpoint that this batch was built on, and the new one. */
  readonly from: bigint | null
  readonly to: bigint | null
  readonly changes: readonly TableChanges[]
  readonly deadLetters: DeadLetterChanges
  /** Tell those who wait for this position. */
  readonly announce: boolean
}

/** The store can't be reached, or could not do it now: the same again later may work. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable'
}

/** The store refuses what the rows hold, now and for ever. */
export class RowsRefused extends Error {
  override readonly name = 'RowsRefused'
}

/** The rows of projections in one store, as a runner needs them. All throw StoreUnavailable. */
export interface ReadModelStore {
  /** Rows without their payload columns, one list per request. */
  load(ref: GenerationRef, requests: readonly LoadRequest[]): Promise<readonly (readonly Row[])[]>
  /**
   * All or nothing, if the checkpoint is where `from` says; else `lost`: somebody else moves it. Where a store has no
   * transactions the rows come first and carry the revision that they were made at, so that a repetition does no harm.
   * Returns the bytes sent. Throws RowsRefused.
   */
  commit(commit: Commit): Promise<{ outcome: 'committed' | 'lost'; bytes: number }>
  /** Undefined: there is no such generation. */
  checkpoint(ref: GenerationRef): Promise<{ readonly position: bigint | null } | undefined>
  deadLetters(ref: GenerationRef): Promise<readonly StoredDeadLetter[]>
  close(): Promise<void>
}

/** The generations of projections in one store, as operations need them. */
export interface GenerationStore {
  list(projection: Projection): Promise<readonly Generation[]>
  /** Makes an empty generation, in place of what a crash may have left of it. `indexed`: with its secondary indexes. */
  prepare(ref: GenerationRef, options: { indexed: boolean }): Promise<void>
  /** Secondary indexes and statistics. May be repeated. */
  finish(ref: GenerationRef): Promise<void>
  /** Gives a generation that readers use the indexes that its definition asks for now, and no others. Writing goes on. */
  adjustIndexes(ref: GenerationRef): Promise<void>
  /**
   * Readers see this generation from now on, and the one before is kept. Refused (`behind`) where its checkpoint is not as far
   * as that one's: a reader who waited for a position must not see less.
   */
  activate(ref: GenerationRef): Promise<Activation>
  drop(ref: GenerationRef): Promise<void>
  /** Some streams that have rows in a table. */
  sampleOwners(ref: GenerationRef, table: Table, limit: number): Promise<readonly string[]>
  /** The complete rows of these streams, payloads too. */
  rowsOf(ref: GenerationRef, table: Table, owners: readonly string[]): Promise<readonly Row[]>
  /** Rows and bytes: of small tables exactly, of large ones an estimate that costs no reading of them. */
  size(ref: GenerationRef): Promise<{ rows: number; bytes: number }>
  /**
   * Compares two generations that stand at the same position. `onSnapshot` is called as soon as feeding them may go on.
   */
  compare(before: GenerationRef, after: GenerationRef, onSnapshot: () => void): Promise<Comparison>
}

/** `lockedMs`: how long the swap held what readers need. */
export type Activation = { readonly outcome: 'activated'; readonly lockedMs: number } | { readonly outcome: 'behind' }

export interface Comparison {
  readonly tables: readonly TableComparison[]
}

export interface TableComparison {
  readonly table: string
  readonly before: number
  readonly after: number
  readonly differences: readonly {
    readonly key: Readonly<Record<string, string>>
    readonly kind: 'missing' | 'unexpected' | 'different'
    readonly columns?: readonly string[]
  }[]
}
