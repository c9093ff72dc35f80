import { type Column, type Index, type Projection, primaryKeyOf, type Table } from '../model/projection.js'
import { generationSchema, quoted, type SchemaNames } from './names.js'

const sqlTypes: Readonly<Record<Column['type'], string>> = {
  uuid: 'uuid',
  text: 'text',
  key: 'text',
  integer: 'integer',
  bigint: 'bigint',
  boolean: 'boolean',
  timestamptz: 'timestamptz',
  // Not jsonb: nothing is looked up inside, the text is kept as it was written, and U+0000 in a string is no error.
  json: 'json',
}

export const sqlType = (column: Column): string => sqlTypes[column.type]

export const tableName = (names: SchemaNames, projection: Projection, generation: number, table: Table): string =>
  `${quoted(generationSchema(names, projection.name, generation))}.${quoted(table.name)}`

const columnSql = ([name, column]: [string, Column]): string =>
  `${quoted(name)} ${sqlType(column)}${column.type === 'key' ? ' COLLATE "C"' : ''}${column.nullable ? '' : ' NOT NULL'}`

/** An empty schema with the projection's tables and their primary keys, in place of what was there. */
export const createGenerationSql = (names: SchemaNames, projection: Projection, generation: number): string => {
  const schema = quoted(generationSchema(names, projection.name, generation))
  const tables = projection.tables.map((table) => {
    const columns = Object.entries(table.columns).map(columnSql)
    const key = primaryKeyOf(table).map(quoted).join(', ')
    return `CREATE TABLE ${tableName(names, projection, generation, table)} (${columns.join(', ')}, PRIMARY KEY (${key}));`
  })
  return [`DROP SCHEMA IF EXISTS ${schema} CASCADE;`, `CREATE SCHEMA ${schema};`, ...tables].join('\n')
}

const indexSql = (target: string, { name, columns, where }: Index, concurrently: boolean): string => {
  const how = concurrently ? ' CONCURRENTLY' : ''
  const condition = where === undefined ? '' : ` WHERE ${where}`
  return `CREATE INDEX${how} IF NOT EXISTS ${quoted(name)} ON ${target} (${columns})${condition}`
}

/** One statement per secondary index. `concurrently`: while rows are written; not within a transaction. */
export const createIndexesSql = (
  names: SchemaNames,
  projection: Projection,
  generation: number,
  concurrently = false,
): string[] =>
  projection.tables.flatMap((table) =>
    table.indexes.map((index) => indexSql(tableName(names, projection, generation, table), index, concurrently)),
  )
