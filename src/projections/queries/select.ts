import type { Pool } from 'pg'
import { quoted } from '../postgres/names.js'
import { rowTypes } from '../postgres/types.js'

/** Reads the views of one schema. */
export interface ReadSchema {
  readonly pool: Pool
  /** Name of the schema with the views. */
  readonly schema: string
}

/**
 * Unnamed statements with the columns spelled out: a swap of generations changes what a view reads from, and a statement
 * that was prepared by name could keep a plan of before.
 */
export const select = async <Row>({ pool }: ReadSchema, text: string, values: unknown[] = []): Promise<Row[]> =>
  (await pool.query({ text, values, types: rowTypes })).rows as Row[]

/** The conditions of a query and its parameters, numbered as they come. */
export const createFilter = () => {
  const conditions: string[] = []
  const values: unknown[] = []
  const parameter = (value: unknown): string => `$${values.push(value)}`
  return {
    values,
    parameter,
    add: (condition: (parameter: (value: unknown) => string) => string) => {
      conditions.push(condition(parameter))
    },
    where: () => (conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`),
  }
}

export const viewOf = ({ schema }: ReadSchema, name: string): string => `${quoted(schema)}.${quoted(name)}`
