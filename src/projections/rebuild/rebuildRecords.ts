import type { Pool } from 'pg'
import { v5 as uuidv5 } from 'uuid'
import { conflict } from '../../domain/errors.js'
import type { Actor } from '../../domain/events/metadata.js'
import type { JsonObject } from '../../domain/json.js'
import type { RebuildState, Verification } from '../operations/projectionOperations.js'
import { sqlState } from '../postgres/errors.js'
import { quoted, rebuildChannel, type SchemaNames } from '../postgres/names.js'
import { inTransaction } from '../postgres/pool.js'
import { rowTypes } from '../postgres/types.js'

/** Who asked for what a rebuild is to do, and why. */
export interface RequestedBy {
  readonly actor: Actor
  readonly correlationId: string
  readonly commandId: string
  readonly reason?: string
}

export interface RebuildRow {
  readonly id: string
  readonly projection: string
  readonly state: RebuildState
  readonly resume_state: RebuildState | null
  readonly requested: 'pause' | 'resume' | 'cancel' | null
  readonly requested_by: RequestedBy | null
  readonly generation: number
  readonly from_generation: number | null
  readonly version: number
  readonly target_position: bigint | null
  readonly first_position: bigint | null
  readonly position: bigint | null
  readonly processed: bigint
  readonly bytes: bigint
  readonly events_per_second: number
  readonly eta_seconds: number | null
  readonly keep_ms: bigint
  readonly on_difference: 'fail' | 'swap'
  readonly keep_until: string | null
  readonly verification: Verification | null
  readonly swap_ms: number | null
  readonly error: string | null
  readonly actor: Actor
  readonly correlation_id: string
  readonly started_at: string
  readonly finished_at: string | null
}

export type RebuildPatch = Partial<Omit<RebuildRow, 'id' | 'projection'>>
export type NewRebuild = Pick<
  RebuildRow,
  | 'id'
  | 'projection'
  | 'generation'
  | 'from_generation'
  | 'version'
  | 'target_position'
  | 'keep_ms'
  | 'on_difference'
  | 'actor'
  | 'correlation_id'
  | 'started_at'
>

/** What is to be written into the stream `projection-<name>`. */
export interface OperationEvent {
  readonly projection: string
  readonly type: string
  readonly data: JsonObject
  readonly actor: Actor
  readonly correlationId: string
  readonly occurredAt: string
  /** The same key twice is one event. */
  readonly key: string
}

/** States that a rebuild does not leave any more. */
export const finalStates: readonly RebuildState[] = ['completed', 'failed', 'cancelled']

export interface RebuildRecords {
  /** Throws `rebuild_in_progress` where the projection has one that is not swapped, failed or cancelled. */
  insert(rebuild: NewRebuild): Promise<RebuildRow>
  find(id: string): Promise<RebuildRow | undefined>
  /** Newest first. */
  ofProjection(projection: string, limit: number): Promise<RebuildRow[]>
  /** Those that still need the projector, the oldest first. */
  open(projection: string): Promise<RebuildRow[]>
  /** `event` goes into the log's queue in the same transaction. */
  update(id: string, patch: RebuildPatch, events?: readonly OperationEvent[]): Promise<RebuildRow>
  record(events: readonly OperationEvent[]): Promise<void>
}

const UNIQUE_VIOLATION = '23505'
const namespace = '3f0f1a0e-6f4e-4b52-9d5f-0a6d8f1c7b11'

const asParameter = (value: unknown): unknown =>
  typeof value === 'object' && value !== null ? JSON.stringify(value) : value

export const createRebuildRecords = (pool: Pool, names: SchemaNames): RebuildRecords => {
  const table = `${quoted(names.control)}.rebuilds`

  const rows = async (text: string, values: unknown[]): Promise<RebuildRow[]> =>
    (await pool.query({ text, values, types: rowTypes })).rows as RebuildRow[]

  const eventsSql = `INSERT INTO ${quoted(names.control)}.operation_events
    (id, projection, type, data, actor, correlation_id, occurred_at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING`
  const eventValues = (event: OperationEvent) => [
    uuidv5(`${names.control} ${event.key}`, namespace),
    event.projection,
    event.type,
    JSON.stringify(event.data),
    JSON.stringify(event.actor),
    event.correlationId,
    event.occurredAt,
  ]

  const update: RebuildRecords['update'] = (id, patch, events = []) => {
    const entries = Object.entries(patch)
    const sets = entries.map(([name], index) => `${quoted(name)} = $${index + 2}`)
    return inTransaction(pool, async (client) => {
      const { rows: found } = await client.query({
        text: `UPDATE ${table} SET ${sets.join(', ')} WHERE id = $1 RETURNING *`,
        values: [id, ...entries.map(([, value]) => asParameter(value))],
        types: rowTypes,
      })
      const [row] = found as RebuildRow[]
      if (row === undefined) throw new Error(`there is no rebuild ${id}`)
      for (const event of events) await client.query(eventsSql, eventValues(event))
      await client.query('SELECT pg_notify($1, $2)', [rebuildChannel(names), id])
      return row
    })
  }

  return {
    update,
    insert: async (rebuild) => {
      const entries = Object.entries({ ...rebuild, state: 'preparing' })
      try {
        const [row] = await rows(
          `INSERT INTO ${table} (${entries.map(([name]) => quoted(name)).join(', ')})
           VALUES (${entries.map((_, index) => `$${index + 1}`).join(', ')}) RETURNING *`,
          entries.map(([, value]) => asParameter(value)),
        )
        return row as RebuildRow
      } catch (error) {
        if (sqlState(error) !== UNIQUE_VIOLATION) throw error
        throw conflict('rebuild_in_progress', `The projection ${rebuild.projection} is being rebuilt already.`)
      }
    },
    find: async (id) => (await rows(`SELECT * FROM ${table} WHERE id = $1`, [id]))[0],
    ofProjection: (projection, limit) =>
      rows(`SELECT * FROM ${table} WHERE projection = $1 ORDER BY started_at DESC, id DESC LIMIT $2`, [
        projection,
        limit,
      ]),
    open: (projection) =>
      rows(`SELECT * FROM ${table} WHERE projection = $1 AND NOT state = ANY ($2::text[]) ORDER BY started_at, id`, [
        projection,
        finalStates,
      ]),
    record: async (events) => {
      for (const event of events) await pool.query(eventsSql, eventValues(event))
    },
  }
}
