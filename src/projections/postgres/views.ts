import type { ClientBase } from 'pg'
import type { Projection, Table } from '../model/projection.js'
import { sqlType, tableName } from './ddl.js'
import { generationSchema, quoted, type SchemaNames } from './names.js'

const INVALID_TABLE_DEFINITION = '42P16'

const columnsThere = async (client: ClientBase, schema: string, table: string): Promise<string[]> =>
  (
    await client.query<{ name: string }>(
      `SELECT attname AS name FROM pg_attribute
       WHERE attrelid = to_regclass(format('%I.%I', $1::text, $2::text)) AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
      [schema, table],
    )
  ).rows.map(({ name }) => name)

/**
 * Explicit columns, in the table's order. A generation of an older version may lack some (they are null) and may have some that
 * nobody asks for any more (they come last), so that readers of both versions go on while the new one is built. A table that it
 * lacks is empty.
 */
const viewSql = (
  names: SchemaNames,
  projection: Projection,
  generation: number,
  table: Table,
  there: string[],
): string => {
  const isThere = there.length > 0
  const wanted = Object.entries(table.columns).map(([name, column]) =>
    there.includes(name) ? quoted(name) : `NULL::${sqlType(column)} AS ${quoted(name)}`,
  )
  const surplus = there.filter((name) => !Object.hasOwn(table.columns, name)).map(quoted)
  const from = isThere ? `FROM ${tableName(names, projection, generation, table)}` : 'WHERE false'
  return `SELECT ${[...wanted, ...surplus].join(', ')} ${from}`
}

const replaceView = async (client: ClientBase, view: string, select: string): Promise<void> => {
  await client.query('SAVEPOINT replace_view')
  try {
    await client.query(`CREATE OR REPLACE VIEW ${view} AS ${select}`)
  } catch (error) {
    if ((error as { code?: unknown }).code !== INVALID_TABLE_DEFINITION) throw error
    // Other columns than before: a view can't be changed to that, but it can be another one.
    await client.query('ROLLBACK TO SAVEPOINT replace_view')
    await client.query(`DROP VIEW ${view}`)
    await client.query(`CREATE VIEW ${view} AS ${select}`)
  }
  await client.query('RELEASE SAVEPOINT replace_view')
}

/** Lets the views of a projection show this generation. Within a transaction. */
export const pointViewsAt = async (
  client: ClientBase,
  names: SchemaNames,
  projection: Projection,
  generation: number,
): Promise<void> => {
  const schema = generationSchema(names, projection.name, generation)
  for (const table of projection.tables) {
    const there = await columnsThere(client, schema, table.name)
    const view = `${quoted(names.read)}.${quoted(table.name)}`
    await replaceView(client, view, viewSql(names, projection, generation, table, there))
  }
}
