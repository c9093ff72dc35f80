import type { Column, ColumnType } from './projection.js'

const column = (type: ColumnType): Column => ({ type, nullable: false, payload: false })

export const uuid: Column = column('uuid')
export const text: Column = column('text')
export const exact: Column = column('key')
export const integer: Column = column('integer')
export const bigint: Column = column('bigint')
export const boolean: Column = column('boolean')
export const timestamp: Column = column('timestamptz')
export const json: Column = column('json')
export const payload: Column = { type: 'json', nullable: true, payload: true }

export const nullable = (of: Column): Column => ({ ...of, nullable: true })
