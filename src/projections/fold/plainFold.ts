import type { RecordedEvent } from '../../domain/events/recordedEvent.js'
import { idOfStream } from '../../domain/streams.js'
import { type Projection, type Row, single, type Table } from '../model/projection.js'
import type { AnyHandler } from './dispatch.js'

/**
 * The rows of one table after the events, folded one by one with nothing clever: what every other path is measured against.
 * Appended rows and rows of several streams come in the order in which they began.
 */
export const plainFold = (table: Table, events: Iterable<RecordedEvent>): Row[] => {
  const rows = new Map<string, Row>()
  for (const event of events) {
    const handler = table.on[event.type] as AnyHandler | undefined
    if (handler === undefined) continue
    const stream = `${idOfStream(event.stream)} `
    const touched = table.appendOnly === true ? [String(event.position)] : (handler.rows?.(event) ?? [single])
    const keys =
      touched === 'all'
        ? [...rows.keys()].filter((key) => key.startsWith(stream))
        : touched.map((local) => stream + local)
    for (const key of keys) {
      const next = handler.evolve(rows.get(key), event, key.slice(stream.length))
      if (next === null) rows.delete(key)
      else rows.set(key, next)
    }
  }
  return [...rows.values()]
}

/** All tables of a projection, by name. */
export const plainFoldAll = (projection: Projection, events: readonly RecordedEvent[]): Map<string, Row[]> =>
  new Map(projection.tables.map((table) => [table.name, plainFold(table, events)]))
