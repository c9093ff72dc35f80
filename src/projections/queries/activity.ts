import type { ActivityRow } from '../definitions/activity.js'
import { decodeCursor, digits, isoTime, type Page, type PageOptions, toPage } from './cursor.js'
import { createFilter, type ReadSchema, select, viewOf } from './select.js'

/** An event without its payload. */
export interface Activity {
  readonly id: string
  readonly type: string
  readonly stream: string
  readonly revision: number
  readonly position: bigint
  readonly occurredAt: string
  readonly actor: { readonly kind: string; readonly id: string; readonly name: string }
  readonly correlationId: string
  readonly causationId: string
}

export interface ActivityFilter extends PageOptions {
  readonly stream?: string
  readonly type?: string
  /** The actor's id. */
  readonly actor?: string
  readonly correlationId?: string
  /** ISO times, `from` inclusive, `to` exclusive. */
  readonly from?: string
  readonly to?: string
}

export interface ActivityQueries {
  /** Newest first: by position or, between times, by time, which is nearly the same. */
  list(filter: ActivityFilter): Promise<Page<Activity>>
}

const toActivity = (row: ActivityRow): Activity => ({
  id: row.event_id,
  type: row.type,
  stream: row.stream,
  revision: row.revision,
  position: row.position,
  occurredAt: row.occurred_at,
  actor: { kind: row.actor_kind, id: row.actor_id, name: row.actor_name },
  correlationId: row.correlation_id,
  causationId: row.causation_id,
})

const equals = { stream: 'stream', type: 'type', actor: 'actor_id', correlationId: 'correlation_id' } as const

export const createActivityQueries = (read: ReadSchema): ActivityQueries => ({
  list: async (options) => {
    const { limit, cursor, from, to } = options
    // Between times an order by position would have to pass over all that is newer.
    const byTime = from !== undefined || to !== undefined
    const before = decodeCursor(cursor, byTime ? [isoTime, digits] : [digits])
    const filter = createFilter()
    for (const [name, column] of Object.entries(equals)) {
      const wanted = options[name as keyof typeof equals]
      if (wanted !== undefined) filter.add((p) => `${column} = ${p(wanted)}`)
    }
    if (from !== undefined) filter.add((p) => `occurred_at >= ${p(from)}::timestamptz`)
    if (to !== undefined) filter.add((p) => `occurred_at < ${p(to)}::timestamptz`)
    if (before !== undefined)
      filter.add((p) =>
        byTime
          ? `(occurred_at, position) < (${p(before[0])}::timestamptz, ${p(before[1])}::bigint)`
          : `position < ${p(before[0])}::bigint`,
      )
    const rows = await select<ActivityRow>(
      read,
      `SELECT position, event_id, stream, revision, type, actor_kind, actor_id, actor_name, correlation_id, causation_id,
         occurred_at FROM ${viewOf(read, 'activity')} ${filter.where()}
       ORDER BY ${byTime ? 'occurred_at DESC, ' : ''}position DESC LIMIT ${filter.parameter(limit + 1)}`,
      filter.values,
    )
    return toPage(rows, limit, toActivity, (row) =>
      byTime ? [row.occurred_at, String(row.position)] : [String(row.position)],
    )
  },
})
