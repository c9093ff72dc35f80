import type { RecordedEvent } from '../../domain/events/recordedEvent.js'
import { idOfStream } from '../../domain/streams.js'
import { type Projection, type Row, single, type Table } from '../model/projection.js'
import { RowsRefused } from '../store/projectionStore.js'
import type { Dispatch, Route } from './dispatch.js'

/** Which rows of a table a batch needs: some of a stream's, by their local keys, or all of it. */
export interface LoadRequest {
  readonly table: Table
  readonly index: number
  readonly owners: readonly string[]
  readonly keys: readonly (readonly [owner: string, local: string])[]
}

export interface TableChanges {
  readonly table: Table
  readonly index: number
  readonly upserts: readonly Row[]
  readonly deletes: readonly Row[]
}

interface Entry {
  readonly before: Row | undefined
  now: Row | undefined
}
type Entries = Map<string, Map<string, Entry>>

const onlyRow: readonly string[] = [single]
const touchedBy = ({ handler }: Route, event: RecordedEvent) => handler.rows?.(event) ?? onlyRow

/**
 * A store without transactions may hold rows of a batch whose checkpoint was lost. There every row says which revision it is of,
 * what is there is always read, and events that a row has seen are passed over.
 */
const mayBeAhead = (projection: Projection): boolean => projection.store === 'mongo'

/**
 * What the batch needs to know. A stream that begins in the batch has no rows yet, so nothing is read for it: the usual case of
 * a short run costs no query.
 */
export const planLoads = (
  projection: Projection,
  dispatch: Dispatch,
  events: readonly RecordedEvent[],
): readonly LoadRequest[] => {
  const ahead = mayBeAhead(projection)
  const begun = new Set<string>()
  const wanted = projection.tables.map(() => new Map<string, Set<string> | 'all'>())
  for (const event of events) {
    if (event.revision === 0 && !ahead) begun.add(event.stream)
    if (begun.has(event.stream)) continue
    const owner = idOfStream(event.stream)
    for (const route of dispatch.get(event.type) ?? []) {
      const ofTable = wanted[route.index]
      if (route.table.appendOnly === true || ofTable === undefined) continue
      const touched = touchedBy(route, event)
      const known = ofTable.get(owner)
      if (known === 'all') continue
      if (touched === 'all') ofTable.set(owner, 'all')
      else if (known === undefined) ofTable.set(owner, new Set(touched))
      else for (const local of touched) known.add(local)
    }
  }
  return projection.tables.flatMap((table, index) => {
    const owners: string[] = []
    const keys: [string, string][] = []
    for (const [owner, locals] of wanted[index] ?? []) {
      if (locals === 'all' || table.local === null) {
        if (locals === 'all' || locals.size > 0) owners.push(owner)
      } else for (const local of locals) keys.push([owner, local])
    }
    return owners.length + keys.length === 0 ? [] : [{ table, index, owners, keys }]
  })
}

export interface BatchFold {
  /** Rows that were in the store before. */
  add(index: number, rows: readonly Row[]): void
  /** All of the event or, when it throws, nothing of it. */
  apply(event: RecordedEvent): void
  /** Throws RowsRefused where a row lacks a value: some event of the batch led to it. */
  changes(): readonly TableChanges[]
}

/** Every column but a payload must have a value. Checked once for each row that is written, not at each of its events. */
const checkRow = (table: Table, row: Row): void => {
  for (const name in table.columns) {
    const column = table.columns[name]
    const value = row[name]
    if (value === undefined ? column?.payload !== true : value === null && column?.nullable !== true) {
      throw new RowsRefused(`${table.name}.${name} would have no value`)
    }
  }
}

/** Folds a batch in memory; the store sees only what became of each row. */
export const createBatchFold = (projection: Projection, dispatch: Dispatch): BatchFold => {
  const ahead = mayBeAhead(projection)
  const tables: Entries[] = projection.tables.map(() => new Map())
  const appended: Row[][] = projection.tables.map(() => [])

  const entriesOf = (index: number, owner: string): Map<string, Entry> => {
    const entries = tables[index] as Entries
    const known = entries.get(owner)
    if (known !== undefined) return known
    const fresh = new Map<string, Entry>()
    entries.set(owner, fresh)
    return fresh
  }

  const add = (index: number, rows: readonly Row[]) => {
    const { owner, local } = projection.tables[index] as Table
    for (const row of rows) {
      entriesOf(index, row[owner] as string).set(local === null ? single : String(row[local]), {
        before: row,
        now: row,
      })
    }
  }

  const apply = (event: RecordedEvent) => {
    const owner = idOfStream(event.stream)
    const writes: [Entry, Row | undefined][] = []
    const fresh: [Map<string, Entry>, string, Entry][] = []
    const rows: [number, Row][] = []
    const evolve = ({ handler }: Route, entry: Entry, local: string) => {
      if (ahead && entry.now !== undefined && Number(entry.now.revision) >= event.revision) return
      const next = handler.evolve(entry.now, event, local) ?? undefined
      if (next === entry.now) return
      writes.push([entry, next])
    }
    for (const route of dispatch.get(event.type) ?? []) {
      if (route.table.appendOnly === true) {
        const row = route.handler.evolve(undefined, event, single)
        if (row === null) continue
        rows.push([route.index, row])
        continue
      }
      const entries = entriesOf(route.index, owner)
      const touched = touchedBy(route, event)
      if (touched === 'all') {
        for (const [local, entry] of entries) if (entry.now !== undefined) evolve(route, entry, local)
        continue
      }
      for (const local of touched) {
        const known = entries.get(local)
        if (known !== undefined) {
          evolve(route, known, local)
          continue
        }
        const entry: Entry = { before: undefined, now: undefined }
        fresh.push([entries, local, entry])
        evolve(route, entry, local)
      }
    }
    for (const [entries, local, entry] of fresh) entries.set(local, entry)
    for (const [entry, next] of writes) entry.now = next
    for (const [index, row] of rows) (appended[index] as Row[]).push(row)
  }

  const changes = () =>
    projection.tables.map((table, index) => {
      const upserts = [...(appended[index] as Row[])]
      const deletes: Row[] = []
      for (const entries of (tables[index] as Entries).values()) {
        for (const { before, now } of entries.values()) {
          if (now === before) continue
          if (now !== undefined) upserts.push(now)
          else if (before !== undefined) deletes.push(before)
        }
      }
      for (const row of upserts) checkRow(table, row)
      return { table, index, upserts, deletes }
    })

  return { add, apply, changes }
}
