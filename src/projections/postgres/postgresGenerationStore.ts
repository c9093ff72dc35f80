import type { Pool, PoolClient } from 'pg'
import type { Row } from '../model/projection.js'
import { sleep } from '../runner/backoff.js'
import type { Activation, Generation, GenerationRef, GenerationStore } from '../store/projectionStore.js'
import { adjustIndexes } from './adjustIndexes.js'
import { compareGenerations } from './compareGenerations.js'
import { createGenerationSql, createIndexesSql, sqlType, tableName } from './ddl.js'
import { sqlState } from './errors.js'
import { generationSchema, quoted, type SchemaNames } from './names.js'
import { inTransaction } from './pool.js'
import { rowTypes } from './types.js'
import { cannotReplaceView, viewStatements } from './views.js'

const LOCK_NOT_AVAILABLE = '55P03'
const swapAttempts = 100
const countedRows = 10_000

interface CheckpointRow {
  generation: number
  version: number
  position: bigint | null
}

const isBehind = (candidate: bigint | null, active: bigint | null): boolean =>
  active !== null && (candidate === null || candidate < active)

/** Generations as schemas of their own; readers see the active one through views. */
export const postgresGenerationStore = (pool: Pool, names: SchemaNames): GenerationStore => {
  const control = quoted(names.control)

  const checkpoints = async (client: PoolClient, ref: GenerationRef) => {
    const { rows } = await client.query({
      text: `SELECT g.generation, g.version, c.position, g.state FROM ${control}.generations g
        JOIN ${control}.checkpoints c USING (projection, generation)
        WHERE g.projection = $1 AND (g.state = 'active' OR g.generation = $2) FOR UPDATE`,
      values: [ref.projection.name, ref.generation],
      types: rowTypes,
    })
    const found = rows as (CheckpointRow & { state: string })[]
    return {
      active: found.find(({ state, generation }) => state === 'active' && generation !== ref.generation),
      candidate: found.find(({ generation }) => generation === ref.generation),
    }
  }

  /** Readers hold the views for the length of a query: waiting for one must not queue up all others behind us. */
  const activateOnce = async (ref: GenerationRef, anew: boolean): Promise<Activation> => {
    let begun = 0
    const outcome = await inTransaction(pool, async (client) => {
      // Not waited for on disk while readers wait: what records the swap elsewhere is a later commit, which takes this one along.
      await client.query("SET LOCAL lock_timeout = '30ms'; SET LOCAL synchronous_commit = off")
      const views = await viewStatements(client, names, ref.projection, ref.generation, anew)
      begun = performance.now()
      const { active, candidate } = await checkpoints(client, ref)
      if (candidate === undefined) throw new Error(`there is no generation ${ref.generation} of ${ref.projection.name}`)
      if (active !== undefined && isBehind(candidate.position, active.position)) return 'behind'
      if (active !== undefined) {
        await client.query(`UPDATE ${control}.generations SET state = $3 WHERE projection = $1 AND generation = $2`, [
          ref.projection.name,
          active.generation,
          active.version === ref.projection.version ? 'kept' : 'retired',
        ])
      }
      await client.query(
        `UPDATE ${control}.generations SET state = 'active' WHERE projection = $1 AND generation = $2`,
        [ref.projection.name, ref.generation],
      )
      await client.query(views)
      return 'activated'
    })
    return outcome === 'behind' ? { outcome } : { outcome, lockedMs: performance.now() - begun }
  }

  const activate = async (ref: GenerationRef): Promise<Activation> => {
    let anew = false
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await activateOnce(ref, anew)
      } catch (error) {
        const state = sqlState(error)
        if (state === cannotReplaceView && !anew) anew = true
        else if (state !== LOCK_NOT_AVAILABLE || attempt === swapAttempts) throw error
        else await sleep(5 + Math.random() * 45)
      }
    }
  }

  /** Counted up to a limit; from there on what the planner makes of the table's size. */
  const rowsIn = async (table: string): Promise<number> => {
    const { rows } = await pool.query<{ rows: number }>(
      `SELECT count(*)::int AS rows FROM (SELECT FROM ${table} LIMIT ${countedRows}) first`,
    )
    const counted = rows[0]?.rows ?? 0
    if (counted < countedRows) return counted
    const plan = await pool.query<{ 'QUERY PLAN': [{ Plan: { 'Plan Rows': number } }] }>(
      `EXPLAIN (FORMAT json) SELECT FROM ${table}`,
    )
    return Math.max(counted, plan.rows[0]?.['QUERY PLAN'][0].Plan['Plan Rows'] ?? 0)
  }

  const drop = (ref: GenerationRef) =>
    inTransaction(pool, async (client) => {
      const key = [ref.projection.name, ref.generation]
      for (const table of ['dead_letters', 'checkpoints', 'generations']) {
        await client.query(`DELETE FROM ${control}.${table} WHERE projection = $1 AND generation = $2`, key)
      }
      await client.query(
        `DROP SCHEMA IF EXISTS ${quoted(generationSchema(names, ref.projection.name, ref.generation))} CASCADE`,
      )
    })

  return {
    activate,
    drop,
    adjustIndexes: (ref) => adjustIndexes(pool, names, ref),
    list: async (projection) => {
      const { rows } = await pool.query({
        text: `SELECT g.generation, g.version, g.state, c.position FROM ${control}.generations g
          LEFT JOIN ${control}.checkpoints c USING (projection, generation) WHERE g.projection = $1 ORDER BY g.generation`,
        values: [projection.name],
        types: rowTypes,
      })
      return rows as Generation[]
    },
    prepare: (ref, { indexed }) =>
      inTransaction(pool, async (client) => {
        const { projection, generation } = ref
        const key = [projection.name, generation]
        await client.query(createGenerationSql(names, projection, generation))
        if (indexed) for (const sql of createIndexesSql(names, projection, generation)) await client.query(sql)
        await client.query(`DELETE FROM ${control}.dead_letters WHERE projection = $1 AND generation = $2`, key)
        await client.query(
          `INSERT INTO ${control}.generations (projection, generation, version, state) VALUES ($1, $2, $3, 'building')
           ON CONFLICT (projection, generation) DO UPDATE SET version = excluded.version`,
          [...key, projection.version],
        )
        await client.query(
          `INSERT INTO ${control}.checkpoints (projection, generation, position) VALUES ($1, $2, NULL)
           ON CONFLICT (projection, generation) DO UPDATE SET position = NULL`,
          key,
        )
      }),
    finish: (ref) =>
      inTransaction(pool, async (client) => {
        // With one core at most, whatever the number of rows: the others are for those who use the database.
        await client.query('SET LOCAL max_parallel_maintenance_workers = 0')
        for (const sql of createIndexesSql(names, ref.projection, ref.generation)) await client.query(sql)
        for (const table of ref.projection.tables) {
          await client.query(`ANALYZE ${tableName(names, ref.projection, ref.generation, table)}`)
        }
      }),
    sampleOwners: async (ref, table, limit) => {
      const owner = quoted(table.owner)
      const { rows } = await pool.query<{ owner: string }>(
        `SELECT ${owner}::text AS owner FROM (SELECT DISTINCT ${owner} FROM ${tableName(names, ref.projection, ref.generation, table)}
         LIMIT 100000) found ORDER BY random() LIMIT $1`,
        [limit],
      )
      return rows.map((row) => row.owner)
    },
    rowsOf: async (ref, table, owners) => {
      const columns = Object.keys(table.columns).map(quoted).join(', ')
      const type = sqlType(table.columns[table.owner] as never)
      const { rows } = await pool.query({
        text: `SELECT ${columns} FROM ${tableName(names, ref.projection, ref.generation, table)}
          WHERE ${quoted(table.owner)} = ANY ($1::${type}[])`,
        values: [owners],
        types: rowTypes,
      })
      return rows as Row[]
    },
    size: async (ref) => {
      let rows = 0
      for (const table of ref.projection.tables)
        rows += await rowsIn(tableName(names, ref.projection, ref.generation, table))
      const { rows: sizes } = await pool.query<{ bytes: string }>(
        `SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::text AS bytes
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relkind = 'r'`,
        [generationSchema(names, ref.projection.name, ref.generation)],
      )
      return { rows, bytes: Number(sizes[0]?.bytes ?? 0) }
    },
    compare: async (before, after, onSnapshot) => ({
      tables: await compareGenerations(pool, names, before, after, onSnapshot),
    }),
  }
}
