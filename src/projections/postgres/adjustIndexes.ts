import type { Pool } from 'pg'
import type { GenerationRef } from '../store/projectionStore.js'
import { createIndexesSql } from './ddl.js'
import { generationSchema, quoted, type SchemaNames } from './names.js'

/**
 * An index is no part of a projection's version: no row changes with it. So a generation that an earlier program made gets what
 * this one wants, one index after the other and without holding up writers. What was left half made is made again.
 */
export const adjustIndexes = async (pool: Pool, names: SchemaNames, ref: GenerationRef): Promise<void> => {
  const schema = generationSchema(names, ref.projection.name, ref.generation)
  const wanted = ref.projection.tables.flatMap(({ indexes }) => indexes.map(({ name }) => name))
  const { rows } = await pool.query<{ name: string; valid: boolean }>(
    `SELECT c.relname AS name, i.indisvalid AS valid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
     JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND NOT i.indisprimary`,
    [schema],
  )
  const drop = async (unwanted: typeof rows) => {
    for (const { name } of unwanted)
      await pool.query(`DROP INDEX CONCURRENTLY IF EXISTS ${quoted(schema)}.${quoted(name)}`)
  }
  await drop(rows.filter(({ valid }) => !valid))
  const there = new Set(rows.filter(({ valid }) => valid).map(({ name }) => name))
  if (wanted.some((name) => !there.has(name))) {
    for (const sql of createIndexesSql(names, ref.projection, ref.generation, true)) await pool.query(sql)
  }
  // Only now, so that no query is without an index.
  await drop(rows.filter(({ name, valid }) => valid && !wanted.includes(name)))
}
