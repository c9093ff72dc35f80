import pg, { type CustomTypesConfig } from 'pg'

const INT8 = 20
const TIMESTAMPTZ = 1184

/** `2026-01-02 03:04:05.6+00` as ISO 8601 UTC with milliseconds. */
export const isoOf = (timestamptz: string): string => {
  const iso = timestamptz.replace(' ', 'T')
  return new Date(/[+-]\d\d$/.test(iso) ? `${iso}:00` : iso).toISOString()
}

const parsers = new Map<number, (value: string) => unknown>([
  [INT8, BigInt],
  [TIMESTAMPTZ, isoOf],
])

/** Times come as ISO text, 64-bit integers as bigint; the rest as `pg` has it. */
export const rowTypes: CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    (format !== 'binary' && parsers.get(oid)) ||
    pg.types.getTypeParser(oid, format as 'text')) as CustomTypesConfig['getTypeParser'],
}
