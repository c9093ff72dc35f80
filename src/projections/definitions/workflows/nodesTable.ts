import type { Policy, WorkflowNode } from '../../../domain/definition.js'
import type { EventData } from '../../../domain/events/catalogue/index.js'
import type { RecordedEvent } from '../../../domain/events/recordedEvent.js'
import type { JsonObject } from '../../../domain/json.js'
import { idOfStream } from '../../../domain/streams.js'
import { exact, integer, json, uuid } from '../../model/columns.js'
import { existing, type Table } from '../../model/projection.js'
import { byIdOf } from './byIdOf.js'

export type NodeRow = {
  workflow_id: string
  id: string
  key: string
  type: string
  config: JsonObject
  position_x: number
  position_y: number
  policy: Policy
  /** Revision of the event that added it: the draft's order. */
  ordinal: number
}

const toRow = ({ id, key, type, config, position, policy }: WorkflowNode, event: RecordedEvent): NodeRow => ({
  workflow_id: idOfStream(event.stream),
  id,
  key,
  type,
  config,
  position_x: position.x,
  position_y: position.y,
  policy,
  ordinal: event.revision,
})

const addedNodes = byIdOf(
  ({ nodesAdded }: EventData<'DraftEdited'>) => nodesAdded,
  ({ id }) => id,
)
const changedNodes = byIdOf(
  ({ nodesChanged }: EventData<'DraftEdited'>) => nodesChanged,
  ({ nodeId }) => nodeId,
)

const ofNode = (event: { data: { nodeId: string } }): readonly string[] => [event.data.nodeId]

export const nodesTable: Table<NodeRow> = {
  name: 'nodes',
  owner: 'workflow_id',
  local: 'id',
  columns: {
    workflow_id: uuid,
    id: exact,
    key: exact,
    type: exact,
    config: json,
    position_x: integer,
    position_y: integer,
    policy: json,
    ordinal: integer,
  },
  indexes: [],
  on: {
    NodeAdded: { rows: (event) => [event.data.node.id], evolve: (_, event) => toRow(event.data.node, event) },
    NodeConfigured: {
      rows: ofNode,
      evolve: (row, event) => ({ ...existing(row, event), config: event.data.config }),
    },
    NodeRenamed: { rows: ofNode, evolve: (row, event) => ({ ...existing(row, event), key: event.data.key }) },
    NodePolicySet: { rows: ofNode, evolve: (row, event) => ({ ...existing(row, event), policy: event.data.policy }) },
    NodeMoved: {
      rows: ofNode,
      evolve: (row, event) => ({
        ...existing(row, event),
        position_x: event.data.position.x,
        position_y: event.data.position.y,
      }),
    },
    NodeRemoved: { rows: ofNode, evolve: () => null },
    DraftEdited: {
      rows: ({ data }) => [
        ...new Set([
          ...data.nodesRemoved,
          ...data.nodesChanged.map(({ nodeId }) => nodeId),
          ...data.nodesAdded.map(({ id }) => id),
        ]),
      ],
      evolve: (row, event, id) => {
        const added = addedNodes(event.data).get(id)
        if (added !== undefined) return toRow(added, event)
        const changed = changedNodes(event.data).get(id)
        if (changed === undefined) return null
        const known = existing(row, event)
        const { key = known.key, config = known.config, policy = known.policy, position } = changed
        const { x: position_x, y: position_y } = position ?? { x: known.position_x, y: known.position_y }
        return { ...known, key, config, policy, position_x, position_y }
      },
    },
  },
}
