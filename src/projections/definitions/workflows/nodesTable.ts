import type { Policy } from '../../../domain/definition.js'
import type { JsonObject } from '../../../domain/json.js'
import { idOfStream } from '../../../domain/streams.js'
import { exact, integer, json, uuid } from '../../model/columns.js'
import { existing, type Table } from '../../model/projection.js'

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
    NodeAdded: {
      rows: (event) => [event.data.node.id],
      evolve: (_, event) => {
        const { id, key, type, config, position, policy } = event.data.node
        return {
          workflow_id: idOfStream(event.stream),
          id,
          key,
          type,
          config,
          position_x: position.x,
          position_y: position.y,
          policy,
          ordinal: event.revision,
        }
      },
    },
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
  },
}
