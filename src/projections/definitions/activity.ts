import { catalogue, type EventTypeName } from '../../domain/events/catalogue/index.js'
import type { RecordedEvent } from '../../domain/events/recordedEvent.js'
import { categories } from '../../domain/streams.js'
import { bigint, exact, integer, text, timestamp, uuid } from '../model/columns.js'
import type { Projection, Table } from '../model/projection.js'

/** One row per event, without its payload. */
export type ActivityRow = {
  position: bigint
  event_id: string
  stream: string
  revision: number
  type: string
  actor_kind: string
  actor_id: string
  actor_name: string
  correlation_id: string
  causation_id: string
  occurred_at: string
}

const toRow = (event: RecordedEvent): ActivityRow => {
  const { actor, $correlationId, $causationId, occurredAt } = event.metadata
  return {
    position: event.position,
    event_id: event.id,
    stream: event.stream,
    revision: event.revision,
    type: event.type,
    actor_kind: actor.kind,
    actor_id: actor.id,
    actor_name: actor.name,
    correlation_id: $correlationId,
    causation_id: $causationId,
    occurred_at: occurredAt,
  }
}

const handler = { evolve: (_: ActivityRow | undefined, event: RecordedEvent) => toRow(event) }
const everyType = Object.fromEntries(
  (Object.keys(catalogue) as EventTypeName[]).map((type) => [type, handler]),
) as Table<ActivityRow>['on']

export const activityTable: Table<ActivityRow> = {
  name: 'activity',
  owner: 'stream',
  local: 'position',
  primaryKey: ['position'],
  appendOnly: true,
  columns: {
    position: bigint,
    event_id: uuid,
    stream: exact,
    revision: integer,
    type: exact,
    actor_kind: exact,
    actor_id: exact,
    actor_name: text,
    correlation_id: exact,
    causation_id: exact,
    occurred_at: timestamp,
  },
  indexes: [
    { name: 'activity_by_stream', columns: 'stream, position' },
    { name: 'activity_by_type', columns: 'type, position' },
    { name: 'activity_by_actor', columns: 'actor_id, position' },
    { name: 'activity_by_correlation', columns: 'correlation_id, position' },
    { name: 'activity_by_time_and_position', columns: 'occurred_at, position' },
  ],
  on: everyType,
}

/** The audit feed: who did what, when, where in the log. */
export const activityProjection: Projection = {
  name: 'activity',
  version: 1,
  store: 'postgres',
  prefixes: categories.map((category) => `${category}-`),
  tables: [activityTable],
}
