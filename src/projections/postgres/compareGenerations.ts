import type { Pool, PoolClient } from 'pg'
import { primaryKeyOf, type Table } from '../model/projection.js'
import type { GenerationRef, TableComparison } from '../store/projectionStore.js'
import { tableName } from './ddl.js'
import { quoted, type SchemaNames } from './names.js'
import { inTransaction } from './pool.js'

/** How many differing rows are named. */
const named = 20

const rowHash = (table: Table): string =>
  `hashtextextended(ROW(${Object.keys(table.columns).map(quoted).join(', ')})::text, 0)`

/** Count, and a sum of row hashes that does not depend on their order. */
const digest = async (client: PoolClient, from: string, table: Table): Promise<{ rows: number; hash: string }> => {
  const { rows } = await client.query<{ rows: string; hash: string }>(
    `SELECT count(*) AS rows, coalesce(sum(${rowHash(table)}::numeric), 0)::text AS hash FROM ${from}`,
  )
  return { rows: Number(rows[0]?.rows ?? 0), hash: rows[0]?.hash ?? '' }
}

interface DifferingRow {
  key: Record<string, string>
  kind: 'missing' | 'unexpected' | 'different'
  columns: string[]
}

const differences = async (
  client: PoolClient,
  before: string,
  after: string,
  table: Table,
): Promise<DifferingRow[]> => {
  const key = primaryKeyOf(table)
  const columns = Object.keys(table.columns)
  const join = key.map((name) => `b.${quoted(name)} = a.${quoted(name)}`).join(' AND ')
  const keyJson = key.map((name) => `'${name}', coalesce(b.${quoted(name)}, a.${quoted(name)})::text`).join(', ')
  const changed = columns
    .map((name) => `CASE WHEN b.${quoted(name)}::text IS DISTINCT FROM a.${quoted(name)}::text THEN '${name}' END`)
    .join(', ')
  const first = quoted(key[0] ?? '')
  const { rows } = await client.query<DifferingRow>(
    `SELECT json_build_object(${keyJson}) AS key,
       CASE WHEN a.${first} IS NULL THEN 'missing' WHEN b.${first} IS NULL THEN 'unexpected' ELSE 'different' END AS kind,
       array_remove(ARRAY[${changed}], NULL) AS columns
     FROM ${before} b FULL JOIN ${after} a ON ${join}
     WHERE ROW(${columns.map((c) => `b.${quoted(c)}`).join(', ')})::text
       IS DISTINCT FROM ROW(${columns.map((c) => `a.${quoted(c)}`).join(', ')})::text
     LIMIT ${named}`,
  )
  return rows
}

/** In one snapshot, so that both go on being fed while millions of rows are compared. `missing`: not in the later generation. */
export const compareGenerations = async (
  pool: Pool,
  names: SchemaNames,
  before: GenerationRef,
  after: GenerationRef,
  onSnapshot: () => void,
): Promise<TableComparison[]> => {
  const compare = async (client: PoolClient) => {
    await client.query('SELECT pg_current_snapshot()')
    // One core at most, as for indexes.
    await client.query('SET LOCAL max_parallel_workers_per_gather = 0')
    onSnapshot()
    const tables: TableComparison[] = []
    for (const table of after.projection.tables) {
      const old = tableName(names, before.projection, before.generation, table)
      const fresh = tableName(names, after.projection, after.generation, table)
      const [was, is] = [await digest(client, old, table), await digest(client, fresh, table)]
      const equal = was.rows === is.rows && was.hash === is.hash
      const found = equal ? [] : await differences(client, old, fresh, table)
      tables.push({
        table: table.name,
        before: was.rows,
        after: is.rows,
        differences: found.map(({ key, kind, columns }) =>
          kind === 'different' ? { key, kind, columns } : { key, kind },
        ),
      })
    }
    return tables
  }
  return inTransaction(pool, compare, 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
}
