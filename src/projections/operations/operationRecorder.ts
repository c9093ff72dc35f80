import type { Pool } from 'pg'
import type { Actor } from '../../domain/events/metadata.js'
import { quoted, type SchemaNames } from '../postgres/names.js'
import { inTransaction } from '../postgres/pool.js'
import { rowTypes } from '../postgres/types.js'

/** What was done, as it goes into the log. Recording the same id twice must lead to one event. */
export interface OperationToRecord {
  readonly id: string
  readonly projection: string
  readonly type: string
  readonly data: unknown
  readonly actor: Actor
  readonly correlationId: string
  readonly occurredAt: string
}

export type RecordOperation = (operation: OperationToRecord) => Promise<void>

interface StoredOperation {
  sequence: bigint
  id: string
  projection: string
  type: string
  data: unknown
  actor: Actor
  correlation_id: string
  occurred_at: string
}

/**
 * The projector has no write side. What it did stands in a table, in the transaction that did it, and whoever may append takes
 * it from there into the log: in order, each at least once, and once in the log because its ids are derived.
 */
export const recordOperations = async (pool: Pool, schemas: SchemaNames, record: RecordOperation): Promise<void> => {
  const table = `${quoted(schemas.control)}.operation_events`
  await inTransaction(pool, async (client) => {
    // One process at a time, or events of one projection could overtake each other.
    await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`record ${schemas.control}`])
    const { rows } = await client.query({
      text: `SELECT sequence, id, projection, type, data, actor, correlation_id, occurred_at FROM ${table}
        WHERE recorded_at IS NULL ORDER BY sequence LIMIT 100`,
      types: rowTypes,
    })
    for (const { sequence, correlation_id, occurred_at, ...operation } of rows as StoredOperation[]) {
      await record({ ...operation, correlationId: correlation_id, occurredAt: occurred_at })
      await client.query(`UPDATE ${table} SET recorded_at = now() WHERE sequence = $1`, [sequence])
    }
  })
}
