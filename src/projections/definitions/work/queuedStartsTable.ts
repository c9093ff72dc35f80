import { idOfStream } from '../../../domain/streams.js'
import { bigint, timestamp, uuid } from '../../model/columns.js'
import type { Table } from '../../model/projection.js'
import { whenEnded } from './whenEnded.js'

export type QueuedStartRow = { execution_id: string; workflow_id: string; position: bigint; queued_at: string }

/** Runs that wait for a place; the log's position is their turn. */
export const queuedStartsTable: Table<QueuedStartRow> = {
  name: 'queued_starts',
  owner: 'execution_id',
  local: null,
  columns: { execution_id: uuid, workflow_id: uuid, position: bigint, queued_at: timestamp },
  indexes: [{ name: 'queued_starts_by_turn', columns: 'position' }],
  on: {
    ...whenEnded<QueuedStartRow>(),
    ExecutionStarted: {
      evolve: (_, event) =>
        event.data.queued
          ? {
              execution_id: idOfStream(event.stream),
              workflow_id: event.data.workflowId,
              position: event.position,
              queued_at: event.metadata.occurredAt,
            }
          : null,
    },
    ExecutionResumed: { evolve: (row, event) => (event.data.from === 'queued' ? null : (row ?? null)) },
  },
}
