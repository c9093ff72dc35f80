import type { Edge } from '../../../domain/definition.js'
import type { EventData } from '../../../domain/events/catalogue/index.js'
import type { RecordedEvent } from '../../../domain/events/recordedEvent.js'
import { idOfStream } from '../../../domain/streams.js'
import { exact, integer, uuid } from '../../model/columns.js'
import type { Table } from '../../model/projection.js'
import { byIdOf } from './byIdOf.js'

export type EdgeRow = {
  workflow_id: string
  id: string
  source_node_id: string
  source_port: string
  target_node_id: string
  /** Revision of the event that added it: the draft's order. */
  ordinal: number
}

const toRow = ({ id, sourceNodeId, sourcePort, targetNodeId }: Edge, event: RecordedEvent): EdgeRow => ({
  workflow_id: idOfStream(event.stream),
  id,
  source_node_id: sourceNodeId,
  source_port: sourcePort,
  target_node_id: targetNodeId,
  ordinal: event.revision,
})

const addedEdges = byIdOf(
  ({ edgesAdded }: EventData<'DraftEdited'>) => edgesAdded,
  ({ id }) => id,
)

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
    EdgeAdded: { rows: (event) => [event.data.edge.id], evolve: (_, event) => toRow(event.data.edge, event) },
    EdgeRemoved: { rows: (event) => [event.data.edgeId], evolve: () => null },
    DraftEdited: {
      rows: ({ data }) => [...new Set([...data.edgesRemoved, ...data.edgesAdded.map(({ id }) => id)])],
      // An edge that is removed and added at once is there afterwards.
      evolve: (_, event, id) => {
        const added = addedEdges(event.data).get(id)
        return added === undefined ? null : toRow(added, event)
      },
    },
  },
}
