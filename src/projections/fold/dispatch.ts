import type { RecordedEvent } from '../../domain/events/recordedEvent.js'
import type { Projection, Row, Table, Touched } from '../model/projection.js'

/** A handler without the type of its event. */
export interface AnyHandler {
  rows?(event: RecordedEvent): Touched
  evolve(row: Row | undefined, event: RecordedEvent, local: string): Row | null
}

export interface Route {
  readonly table: Table
  /** Of the table in its projection. */
  readonly index: number
  readonly handler: AnyHandler
}

/** By event type: the tables of the projection that it changes. */
export type Dispatch = ReadonlyMap<string, readonly Route[]>

export const dispatchOf = (projection: Projection): Dispatch => {
  const routes = new Map<string, Route[]>()
  projection.tables.forEach((table, index) => {
    for (const [type, handler] of Object.entries(table.on)) {
      const known = routes.get(type) ?? []
      known.push({ table, index, handler: handler as AnyHandler })
      routes.set(type, known)
    }
  })
  return routes
}
