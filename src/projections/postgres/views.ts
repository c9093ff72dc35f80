import type { ClientBase } from 'pg'
import type { Projection, Table } from '../model/projection.js'
import { sqlType, tableName } from './ddl.js'
import { generationSchema, quoted, type SchemaNames } from './names.js'

/** SQLSTATE invalid_table_definition. */
export const cannotReplaceView = '42P16'

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

/**
 * The statements that let the views of a projection show this generation, in one string: readers wait while they are carried out.
 * `anew`: for other columns than before. A view can't be changed to that (`cannotReplaceView`), but it can be another one.
 */
export const viewStatements = async (
  client: ClientBase,
  names: SchemaNames,
  projection: Projection,
  generation: number,
  anew: boolean,
): Promise<string> => {
  const schema = generationSchema(names, projection.name, generation)
  const statements: string[] = []
  for (const table of projection.tables) {
    const there = await columnsThere(client, schema, table.name)
    const view = `${quoted(names.read)}.${quoted(table.name)}`
    if (anew) statements.push(`DROP VIEW IF EXISTS ${view}`)
    statements.push(`CREATE OR REPLACE VIEW ${view} AS ${viewSql(names, projection, generation, table, there)}`)
  }
  return statements.join(';\n')
}
