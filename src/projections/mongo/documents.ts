import { Long } from 'mongodb'
import type { Row, Table } from '../model/projection.js'

export interface StoredDocument {
  _id: string
  revision: number
  [field: string]: unknown
}

/** The column that is the document's `_id`: what tells rows apart, unique over all streams. */
export const idColumn = (table: Table): string => table.local ?? table.owner

export const toDocument = (table: Table, row: Row): StoredDocument => {
  const id = idColumn(table)
  const { [id]: _id, ...fields } = row
  return { ...fields, _id: String(_id), revision: Number(row.revision) }
}

export const toRow = (table: Table, document: StoredDocument): Row => {
  const { _id, ...fields } = document
  return { ...fields, [idColumn(table)]: _id }
}

export const payloadColumns = (table: Table): string[] =>
  Object.entries(table.columns)
    .filter(([, column]) => column.payload)
    .map(([name]) => name)

export const toLong = (position: bigint | null): Long | null => (position === null ? null : Long.fromBigInt(position))

/** Positions come as Long, or as a number or bigint where the driver was told to promote them. */
export const toPosition = (value: unknown): bigint | null => {
  if (value === null || value === undefined) return null
  return Long.isLong(value) ? value.toBigInt() : BigInt(value as number | bigint)
}
