import { idOfStream } from '../../../domain/streams.js'
import { exact, timestamp, uuid } from '../../model/columns.js'
import type { Table } from '../../model/projection.js'
import { whenEnded } from './whenEnded.js'

const ofNode = (event: { data: { nodeId: string } }): readonly string[] => [event.data.nodeId]
const remove = { rows: ofNode, evolve: () => null }
const whenDecided = { NodeCompleted: remove, NodeFailed: remove, NodeSkipped: remove, NodeResolved: remove } as const

export type WaitingSignalRow = { execution_id: string; node_id: string; name: string; since: string }

/**
 * Nodes that wait for a signal: what `GET /v1/executions?waitingFor=` finds. Executors need no hint of them, as a signal is given to
 * its node in the append that takes it in.
 */
export const waitingSignalsTable: Table<WaitingSignalRow> = {
  name: 'waiting_signals',
  owner: 'execution_id',
  local: 'node_id',
  columns: { execution_id: uuid, node_id: exact, name: exact, since: timestamp },
  indexes: [{ name: 'waiting_signals_by_name', columns: 'name, since' }],
  on: {
    ...whenEnded<WaitingSignalRow>(),
    ...whenDecided,
    NodeScheduled: {
      rows: ofNode,
      evolve: (_, event) =>
        event.data.wait?.kind === 'signal'
          ? {
              execution_id: idOfStream(event.stream),
              node_id: event.data.nodeId,
              name: event.data.wait.name,
              since: event.metadata.occurredAt,
            }
          : null,
    },
    SignalConsumed: remove,
  },
}

export type WaitingParentRow = { execution_id: string; node_id: string; kind: string; since: string }

/** Nodes that wait for child runs. */
export const waitingParentsTable: Table<WaitingParentRow> = {
  name: 'waiting_parents',
  owner: 'execution_id',
  local: 'node_id',
  columns: { execution_id: uuid, node_id: exact, kind: exact, since: timestamp },
  indexes: [],
  on: {
    ...whenEnded<WaitingParentRow>(),
    ...whenDecided,
    NodeScheduled: {
      rows: ofNode,
      evolve: (_, event) => {
        const kind = event.data.wait?.kind
        if (kind !== 'subworkflow' && kind !== 'map') return null
        const { nodeId } = event.data
        return { execution_id: idOfStream(event.stream), node_id: nodeId, kind, since: event.metadata.occurredAt }
      },
    },
  },
}
