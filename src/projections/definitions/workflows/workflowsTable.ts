import type { Settings } from '../../../domain/definition.js'
import type { EventTypeName } from '../../../domain/events/catalogue/index.js'
import { idOfStream } from '../../../domain/streams.js'
import { boolean, exact, integer, json, nullable, text, timestamp, uuid } from '../../model/columns.js'
import { type EventOf, existing, type Handler, type Table } from '../../model/projection.js'

export type WorkflowRow = {
  id: string
  name: string
  description: string
  status: 'draft' | 'versioned' | 'published' | 'archived'
  archived: boolean
  latest_version: number | null
  published_version: number | null
  settings: Settings
  /** Of the stream; what the ETag carries. */
  revision: number
  created_at: string
  updated_at: string
}

const statusOf = (row: WorkflowRow): WorkflowRow['status'] => {
  if (row.archived) return 'archived'
  if (row.published_version !== null) return 'published'
  return row.latest_version === null ? 'draft' : 'versioned'
}

/** Every event of the stream moves revision and time; `patch` says what else it changes. */
const change = <T extends EventTypeName>(
  patch: (event: EventOf<T>) => Partial<WorkflowRow> = () => ({}),
): Handler<WorkflowRow, T> => ({
  evolve: (row, event) => {
    const { occurredAt } = event.metadata
    const next = { ...existing(row, event), ...patch(event), revision: event.revision, updated_at: occurredAt }
    return { ...next, status: statusOf(next) }
  },
})

export const workflowsTable: Table<WorkflowRow> = {
  name: 'workflows',
  owner: 'id',
  local: null,
  columns: {
    id: uuid,
    name: text,
    description: text,
    status: exact,
    archived: boolean,
    latest_version: nullable(integer),
    published_version: nullable(integer),
    settings: json,
    revision: integer,
    created_at: timestamp,
    updated_at: timestamp,
  },
  indexes: [
    { name: 'workflows_by_creation', columns: 'created_at DESC, id DESC' },
    { name: 'workflows_live', columns: 'created_at DESC, id DESC', where: 'NOT archived' },
  ],
  on: {
    WorkflowCreated: {
      evolve: (_, event) => ({
        id: idOfStream(event.stream),
        name: event.data.name,
        description: event.data.description,
        status: 'draft',
        archived: false,
        latest_version: null,
        published_version: null,
        settings: event.data.settings,
        revision: event.revision,
        created_at: event.metadata.occurredAt,
        updated_at: event.metadata.occurredAt,
      }),
    },
    WorkflowRenamed: change(({ data }) => ({ name: data.name })),
    WorkflowDescribed: change(({ data }) => ({ description: data.description })),
    WorkflowSettingsChanged: change(({ data }) => ({ settings: data.settings })),
    WorkflowArchived: change(() => ({ archived: true })),
    WorkflowRestored: change(() => ({ archived: false })),
    NodeAdded: change(),
    NodeConfigured: change(),
    NodeRenamed: change(),
    NodePolicySet: change(),
    NodeMoved: change(),
    NodeRemoved: change(),
    EdgeAdded: change(),
    EdgeRemoved: change(),
    DraftEdited: change(),
    DraftRestored: change(),
    VersionSaved: change(({ data }) => ({ latest_version: data.number })),
    VersionPublished: change(({ data }) => ({ published_version: data.number })),
    WorkflowUnpublished: change(() => ({ published_version: null })),
  },
}
