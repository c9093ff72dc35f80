import type { Definition } from '../../domain/definition.js'
import type { Actor } from '../../domain/events/metadata.js'
import type { Finding } from '../../domain/findings.js'
import { idOfStream } from '../../domain/streams.js'
import { boolean, integer, json, nullable, payload, text, timestamp, uuid } from '../model/columns.js'
import type { Projection, Table } from '../model/projection.js'

export type VersionRow = {
  workflow_id: string
  id: string
  version_number: number
  label: string | null
  /** Never changes: written once. */
  snapshot: Definition | undefined
  content_hash: string
  findings: Finding[]
  published: boolean
  created_at: string
  created_by: Actor
  /** Revision of the event that changed it last: an event that is not newer was applied before. */
  revision: number
}

const publish = (row: VersionRow | undefined, published: boolean, revision: number): VersionRow | null => {
  if (row === undefined) return null
  return row.published === published ? row : { ...row, published, revision }
}

export const versionsTable: Table<VersionRow> = {
  name: 'versions',
  owner: 'workflow_id',
  local: 'id',
  columns: {
    workflow_id: uuid,
    id: uuid,
    version_number: integer,
    label: nullable(text),
    snapshot: payload,
    content_hash: text,
    findings: json,
    published: boolean,
    created_at: timestamp,
    created_by: json,
    revision: integer,
  },
  indexes: [{ name: 'versions_by_number', columns: 'workflow_id, version_number' }],
  on: {
    VersionSaved: {
      rows: (event) => [event.data.versionId],
      evolve: (_, event) => ({
        workflow_id: idOfStream(event.stream),
        id: event.data.versionId,
        version_number: event.data.number,
        label: event.data.label,
        snapshot: event.data.snapshot,
        content_hash: event.data.contentHash,
        findings: event.data.findings,
        published: false,
        created_at: event.metadata.occurredAt,
        created_by: event.metadata.actor,
        revision: event.revision,
      }),
    },
    VersionPublished: {
      rows: () => 'all',
      evolve: (row, event) => publish(row, row?.version_number === event.data.number, event.revision),
    },
    WorkflowUnpublished: { rows: () => 'all', evolve: (row, event) => publish(row, false, event.revision) },
  },
}

/** Version snapshots, as documents. */
export const versionsProjection: Projection = {
  name: 'versions',
  version: 1,
  store: 'mongo',
  prefixes: ['workflow-'],
  tables: [versionsTable],
}
