import { idOfStream } from '../../../domain/streams.js'
import { exact, integer, uuid } from '../../model/columns.js'
import type { Table } from '../../model/projection.js'

export type EdgeRow = {
  workflow_id: string
  id: string
  source_node_id: string
  source_port: string
  target_node_id: string
  /** Revision of the event that added it: the draft's order. */
  ordinal: number
}

export const edgesTable: Table<EdgeRow> = {
  name: 'edges',
  owner: 'workflow_id',
  local: 'id',
  columns: {
    workflow_id: uuid,
    id: exact,
    source_node_id: exact,
    source_port: exact,
    target_node_id: exact,
    ordinal: integer,
  },
  indexes: [],
  on: {
    EdgeAdded: {
      rows: (event) => [event.data.edge.id],
      evolve: (_, event) => {
        const { id, sourceNodeId, sourcePort, targetNodeId } = event.data.edge
        return {
          workflow_id: idOfStream(event.stream),
          id,
          source_node_id: sourceNodeId,
          source_port: sourcePort,
          target_node_id: targetNodeId,
          ordinal: event.revision,
        }
      },
    },
    EdgeRemoved: { rows: (event) => [event.data.edgeId], evolve: () => null },
  },
}
