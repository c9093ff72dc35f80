import { idOfStream } from '../../../domain/streams.js'
import { exact, nullable, timestamp, uuid } from '../../model/columns.js'
import type { Table } from '../../model/projection.js'
import { whenEnded } from './whenEnded.js'

export type TimerRow = {
  execution_id: string
  timer_id: string
  kind: string
  node_id: string | null
  due_at: string
}

const ofTimer = (event: { data: { timerId: string } }): readonly string[] => [event.data.timerId]
const isRunTimeout = (row: TimerRow) => row.kind === 'runTimeout'

export const timersTable: Table<TimerRow> = {
  name: 'timers',
  owner: 'execution_id',
  local: 'timer_id',
  columns: { execution_id: uuid, timer_id: exact, kind: exact, node_id: nullable(exact), due_at: timestamp },
  indexes: [{ name: 'timers_by_time', columns: 'due_at' }],
  on: {
    ...whenEnded<TimerRow>(),
    TimerScheduled: {
      rows: ofTimer,
      evolve: (_, event) => ({
        execution_id: idOfStream(event.stream),
        timer_id: event.data.timerId,
        kind: event.data.kind,
        node_id: event.data.nodeId ?? null,
        due_at: new Date(event.data.dueAt).toISOString(),
      }),
    },
    TimerFired: { rows: ofTimer, evolve: () => null },
    /** A signal came, so its timeout is void. */
    SignalConsumed: {
      rows: () => 'all',
      evolve: (row, event) =>
        row === undefined || (!isRunTimeout(row) && row.node_id === event.data.nodeId) ? null : row,
    },
  },
}
