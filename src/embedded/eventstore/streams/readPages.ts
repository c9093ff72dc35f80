import type { LogStore } from '../log/logStore.js'
import type { PositionedRecord } from '../log/logView.js'
import type { StreamState } from './streamState.js'
import { type Visit, type Visited, visitAllForwards, visitStreamForwards } from './visitRecords.js'

/** Records that may be kept. */
export interface Page extends Visited {
  readonly records: readonly PositionedRecord[]
}

/** As `visitAllForwards` finds them, of `limit` records those that are wanted. */
export function readAllForwards(
  store: LogStore,
  from: number,
  limit: number,
  isWanted: (record: Buffer) => boolean,
): Page {
  return collect(store, (visit) =>
    visitAllForwards(store, from, limit, (found) => !isWanted(found.record) || visit(found)),
  )
}

/** As `visitStreamForwards` finds them. */
export function readStreamForwards(store: LogStore, state: StreamState, from: number, limit: number, oldest = 0): Page {
  return collect(store, (visit) => visitStreamForwards(store, state, from, limit, oldest, visit))
}

function collect(store: LogStore, visitRecords: (visit: Visit) => Visited): Page {
  const records: PositionedRecord[] = []
  const visited = visitRecords(({ position, record }) => {
    // Recent records stay where they are anyway.
    records.push({ position, record: store.recent.get(position) ?? Buffer.from(record) })
    return true
  })
  return { records, ...visited }
}
