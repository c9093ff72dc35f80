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
  /** Rows that were not in the store. */
  readonly inserts: readonly Row[]
  readonly updates: readonly Row[]
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
  // Events of one append come one after the other: what is known of the stream of the last one is not looked up again.
  let stream: string | undefined
  let isBegun = false
  for (const event of events) {
    if (event.revision === 0 && !ahead) begun.add(event.stream)
    if (event.revision === 0 || event.stream !== stream) isBegun = begun.has(event.stream)
    stream = event.stream
    if (isBegun) continue
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

  // What an event does, until all of it is known to work. Made once: this runs for every event of the log.
  const changed: Entry[] = []
  const after: (Row | undefined)[] = []
  const begun: { readonly entries: Map<string, Entry>; readonly local: string; readonly entry: Entry }[] = []
  let stream: string | undefined
  let owner = ''
  const added: { readonly index: number; readonly row: Row }[] = []

  const evolve = ({ handler }: Route, entry: Entry, event: RecordedEvent, local: string) => {
    if (ahead && entry.now !== undefined && Number(entry.now.revision) >= event.revision) return
    const next = handler.evolve(entry.now, event, local) ?? undefined
    if (next === entry.now) return
    changed.push(entry)
    after.push(next)
  }

  const follow = (route: Route, event: RecordedEvent) => {
    if (route.table.appendOnly === true) {
      const row = route.handler.evolve(undefined, event, single)
      if (row !== null) added.push({ index: route.index, row })
      return
    }
    const entries = entriesOf(route.index, owner)
    const touched = touchedBy(route, event)
    if (touched === 'all') {
      for (const [local, entry] of entries) if (entry.now !== undefined) evolve(route, entry, event, local)
      return
    }
    for (const local of touched) {
      const known = entries.get(local)
      const entry = known ?? { before: undefined, now: undefined }
      if (known === undefined) begun.push({ entries, local, entry })
      evolve(route, entry, event, local)
    }
  }

  const apply = (event: RecordedEvent) => {
    changed.length = 0
    after.length = 0
    begun.length = 0
    added.length = 0
    const routes = dispatch.get(event.type)
    if (routes === undefined) return
    if (event.stream !== stream) {
      stream = event.stream
      owner = idOfStream(stream)
    }
    for (const route of routes) follow(route, event)
    for (const { entries, local, entry } of begun) entries.set(local, entry)
    for (let at = 0; at < changed.length; at += 1) (changed[at] as Entry).now = after[at]
    for (const { index, row } of added) (appended[index] as Row[]).push(row)
  }

  const changes = () =>
    projection.tables.map((table, index) => {
      const inserts = appended[index] as Row[]
      const updates: Row[] = []
      const deletes: Row[] = []
      for (const entries of (tables[index] as Entries).values()) {
        for (const { before, now } of entries.values()) {
          if (now === before) continue
          if (now !== undefined) (before === undefined ? inserts : updates).push(now)
          else if (before !== undefined) deletes.push(before)
        }
      }
      for (const row of inserts) checkRow(table, row)
      for (const row of updates) checkRow(table, row)
      return { table, index, inserts, updates, deletes }
    })

  return { add, apply, changes }
}
