import { idOfStream } from '../../../domain/streams.js'
import { exact, integer, nullable, timestamp, uuid } from '../../model/columns.js'
import type { Table } from '../../model/projection.js'
import { whenEnded } from './whenEnded.js'

export type OpenAttemptRow = {
  execution_id: string
  node_id: string
  /** 0 and no executor: it was scheduled and is not claimed yet. */
  attempt: number
  executor: string | null
  /** When somebody should look after it: the lease's end, or some seconds after it was scheduled. */
  overdue_at: string
}

/** A node that was scheduled is claimed at once as a rule; after this long somebody looks whether it was forgotten. */
const claimGraceMs = 10_000

const later = (iso: string, ms: number): string => new Date(Date.parse(iso) + ms).toISOString()
const ofNode = (event: { data: { nodeId: string } }): readonly string[] => [event.data.nodeId]
const remove = { rows: ofNode, evolve: () => null }

const unclaimed = (event: { stream: string; metadata: { occurredAt: string } }, nodeId: string): OpenAttemptRow => ({
  execution_id: idOfStream(event.stream),
  node_id: nodeId,
  attempt: 0,
  executor: null,
  overdue_at: later(event.metadata.occurredAt, claimGraceMs),
})

export const openAttemptsTable: Table<OpenAttemptRow> = {
  name: 'open_attempts',
  owner: 'execution_id',
  local: 'node_id',
  columns: { execution_id: uuid, node_id: exact, attempt: integer, executor: nullable(exact), overdue_at: timestamp },
  indexes: [{ name: 'open_attempts_by_time', columns: 'overdue_at' }],
  on: {
    ...whenEnded<OpenAttemptRow>(),
    NodeScheduled: {
      rows: ofNode,
      evolve: (_, event) => (event.data.wait === undefined ? unclaimed(event, event.data.nodeId) : null),
    },
    NodeAttemptStarted: {
      rows: ofNode,
      evolve: (_, event) => ({
        execution_id: idOfStream(event.stream),
        node_id: event.data.nodeId,
        attempt: event.data.attempt,
        executor: event.data.executor,
        overdue_at: new Date(event.data.leaseUntil).toISOString(),
      }),
    },
    /** A retry's time has come: the node may be claimed. */
    TimerFired: {
      rows: ({ data }) => (data.kind === 'retry' && data.nodeId !== undefined ? [data.nodeId] : []),
      evolve: (_, event, nodeId) => unclaimed(event, nodeId),
    },
    NodeResolved: {
      rows: ofNode,
      evolve: (_, event) => (event.data.action === 'retry' ? unclaimed(event, event.data.nodeId) : null),
    },
    NodeInDoubt: {
      rows: ofNode,
      evolve: (_, event) => (event.data.handling === 'retry' ? unclaimed(event, event.data.nodeId) : null),
    },
    NodeAttemptFailed: remove,
    NodeCompleted: remove,
    NodeFailed: remove,
    NodeSkipped: remove,
  },
}
