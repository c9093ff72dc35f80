import type { Pool } from 'pg'
import type { Actor } from '../../domain/events/metadata.js'
import { quoted, type SchemaNames } from '../postgres/names.js'
import { rowTypes } from '../postgres/types.js'

export interface RequestRow {
  readonly id: string
  readonly projection: string
  readonly kind: 'rollback' | 'retry' | 'discard'
  /** Of the dead letter. */
  readonly position: bigint | null
  readonly reason: string | null
  readonly actor: Actor
  readonly correlation_id: string
  readonly state: 'requested' | 'done' | 'failed'
  readonly error: string | null
  /** After a rollback: the generation that is live. */
  readonly generation: number | null
}

/** What operators ask of the projector, wherever it runs. */
export interface RequestRecords {
  insert(
    request: Pick<RequestRow, 'id' | 'projection' | 'kind' | 'position' | 'reason' | 'actor' | 'correlation_id'>,
  ): Promise<void>
  find(id: string): Promise<RequestRow | undefined>
  open(projection: string): Promise<RequestRow[]>
  finish(id: string, result: { generation?: number; error?: string }): Promise<void>
}

export const createRequestRecords = (pool: Pool, names: SchemaNames): RequestRecords => {
  const table = `${quoted(names.control)}.requests`
  const rows = async (text: string, values: unknown[]): Promise<RequestRow[]> =>
    (await pool.query({ text, values, types: rowTypes })).rows as RequestRow[]
  return {
    insert: async ({ id, projection, kind, position, reason, actor, correlation_id }) => {
      await pool.query(
        `INSERT INTO ${table} (id, projection, kind, position, reason, actor, correlation_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING`,
        [id, projection, kind, position, reason, JSON.stringify(actor), correlation_id],
      )
    },
    find: async (id) => (await rows(`SELECT * FROM ${table} WHERE id = $1`, [id]))[0],
    open: (projection) =>
      rows(`SELECT * FROM ${table} WHERE projection = $1 AND state = 'requested' ORDER BY requested_at, id`, [
        projection,
      ]),
    finish: async (id, { generation, error }) => {
      await pool.query(`UPDATE ${table} SET state = $2, error = $3, generation = $4 WHERE id = $1`, [
        id,
        error === undefined ? 'done' : 'failed',
        error ?? null,
        generation ?? null,
      ])
    },
  }
}
