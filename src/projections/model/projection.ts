import type { DomainEvent, EventTypeName } from '../../domain/events/catalogue/index.js'
import type { RecordedEvent } from '../../domain/events/recordedEvent.js'

/** `key`: text that is compared byte by byte, for ids and names in keys and indexes. `json` keeps the text as it was written. */
export type ColumnType = 'uuid' | 'text' | 'key' | 'integer' | 'bigint' | 'boolean' | 'timestamptz' | 'json'

export interface Column {
  readonly type: ColumnType
  readonly nullable: boolean
  /**
   * A payload is set at most once, never read by a fold and never written again with a row's later changes, so a large value
   * costs one write. Undefined: not there (SQL NULL); null: JSON's null.
   */
  readonly payload: boolean
}

/** Times are ISO 8601 UTC with milliseconds, positions bigint, ids text, the rest JSON. Undefined only in payload columns. */
export type Row = { readonly [column: string]: unknown }

export type EventOf<T extends EventTypeName> = RecordedEvent<Extract<DomainEvent, { readonly type: T }>>

/** `all`: every row of the event's stream that is there; `evolve` is not called for rows that are not. */
export type Touched = readonly string[] | 'all'

export interface Handler<R, T extends EventTypeName> {
  /** Local keys of the rows that the event changes. Left out: the stream's single row. */
  rows?(event: EventOf<T>): Touched
  /** Pure. The row after the event, or null for none. The same object means that nothing changed. */
  evolve(row: R | undefined, event: EventOf<T>, local: string): R | null
}

export interface Index {
  readonly name: string
  /** As SQL writes it: `started_at DESC, id DESC`. */
  readonly columns: string
  readonly where?: string
}

/**
 * A table of a read model. Every row belongs to one stream and only that stream's events change it: `owner` is the column with
 * the stream's id, `local` the one that tells the stream's rows apart (null where it has only one).
 */
export interface Table<R = Row> {
  readonly name: string
  readonly columns: Readonly<Record<keyof R & string, Column>>
  readonly owner: keyof R & string
  readonly local: (keyof R & string) | null
  /** Primary key. Default: owner and local. */
  readonly primaryKey?: readonly (keyof R & string)[]
  /** Each event adds one row of its own and none is ever read back. */
  readonly appendOnly?: boolean
  /** Secondary indexes; a rebuild makes them when the rows are in. */
  readonly indexes: readonly Index[]
  readonly on: { readonly [T in EventTypeName]?: Handler<R, T> }
}

/** A read model as data and pure functions. A change of what its rows hold needs a new `version`: then it is built anew. */
export interface Projection {
  readonly name: string
  readonly version: number
  readonly store: 'postgres' | 'mongo'
  /** Stream prefixes. */
  readonly prefixes: readonly string[]
  readonly tables: readonly Table[]
}

/** An event that a projection's rules can't take. */
export class CannotApply extends Error {
  override readonly name = 'CannotApply'
}

/** For events that change a row: it must have been created before. */
export const existing = <R>(row: R | undefined, event: { type: string; stream: string; revision: number }): R => {
  if (row === undefined)
    throw new CannotApply(`${event.type} (${event.stream} ${event.revision}) changes a row that is not there`)
  return row
}

/** The event types that a projection listens to. */
export const eventTypesOf = (projection: Projection): ReadonlySet<string> =>
  new Set(projection.tables.flatMap((table) => Object.keys(table.on)))

export const primaryKeyOf = (table: Table): readonly string[] =>
  table.primaryKey ?? (table.local === null ? [table.owner] : [table.owner, table.local])

/** Local key of the one row of a stream. */
export const single = ''
