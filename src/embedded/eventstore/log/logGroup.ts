/** A change of the table of small things. */
export interface MetaWrite {
  readonly key: Buffer
  /** Undefined removes. */
  readonly value: Buffer | undefined
}

/** What is added to the log at once. */
export interface LogAddition {
  /** Position of the first record; the others follow it without a gap. */
  readonly position: number
  readonly records: readonly Buffer[]
  readonly metaWrites: Iterable<MetaWrite>
}

/** One group commit. */
export interface LogGroup extends LogAddition {
  /** Counts the group commits of a store, from 1. */
  readonly sequence: number
  readonly metaWrites: readonly MetaWrite[]
}
