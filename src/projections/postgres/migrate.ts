import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Pool, PoolClient } from 'pg'
import { quoted, type SchemaNames } from './names.js'
import { inTransaction } from './pool.js'

const folder = join(import.meta.dirname, 'migrations')

/** `001-control.sql` is migration 1. */
const migrationFiles = async (): Promise<{ id: number; name: string }[]> =>
  (await readdir(folder))
    .filter((name) => /^\d{3}-.*\.sql$/.test(name))
    .sort()
    .map((name) => ({ id: Number(name.slice(0, 3)), name }))

const prepare = async (client: PoolClient, names: SchemaNames): Promise<number> => {
  const control = quoted(names.control)
  await client.query(`CREATE SCHEMA IF NOT EXISTS ${control}`)
  await client.query(`CREATE SCHEMA IF NOT EXISTS ${quoted(names.read)}`)
  await client.query(
    `CREATE TABLE IF NOT EXISTS ${control}.migrations (id integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`,
  )
  const { rows } = await client.query<{ last: number }>(
    `SELECT coalesce(max(id), 0) AS last FROM ${control}.migrations`,
  )
  return rows[0]?.last ?? 0
}

/**
 * Brings the control tables to the newest form. Processes that start together do it one after the other; a database that is
 * newer than this program is refused. Tables of projections are no part of this: each generation has its own.
 */
export const migrate = async (pool: Pool, names: SchemaNames): Promise<void> => {
  const files = await migrationFiles()
  await inTransaction(pool, async (client) => {
    await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`migrate ${names.control}`])
    const last = await prepare(client, names)
    const newest = files.at(-1)?.id ?? 0
    if (last > newest) {
      throw new Error(
        `schema ${names.control} is at migration ${last}, but this program knows ${newest}: start a newer one`,
      )
    }
    for (const { id, name } of files.filter((file) => file.id > last)) {
      await client.query(`INSERT INTO ${quoted(names.control)}.migrations (id, name) VALUES ($1, $2)`, [id, name])
      const sql = await readFile(join(folder, name), 'utf8')
      await client.query(sql.replaceAll(':CONTROL', quoted(names.control)))
    }
  })
}
