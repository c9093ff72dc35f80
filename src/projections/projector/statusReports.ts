import type { Pool } from 'pg'
import { messageOf } from '../../domain/errors.js'
import { quoted, type SchemaNames } from '../postgres/names.js'
import { sleep } from '../runner/backoff.js'
import type { RunnerStatus } from './runnerStatus.js'

export interface StatusReportOptions {
  readonly pool: Pool
  readonly schemas: SchemaNames
  readonly status: () => readonly RunnerStatus[]
  readonly log: (line: string) => void
}

const intervalMs = 1_000

const columns = [
  'projection',
  'version',
  'generation',
  'state',
  'position',
  'lag_events',
  'lag_ms',
  'events_per_second',
  'reconnects',
  'error',
]
const types = ['text', 'int', 'int', 'text', 'bigint', 'bigint', 'bigint', 'float8', 'int', 'text']

const reportSql = (schemas: SchemaNames): string => {
  const arrays = types.map((type, index) => `$${index + 1}::${type}[]`).join(', ')
  const assignments = columns.slice(1).map((name) => `${name} = excluded.${name}`)
  return `INSERT INTO ${quoted(schemas.control)}.projection_status (${columns.join(', ')}, reported_at)
    SELECT *, now() FROM unnest(${arrays})
    ON CONFLICT (projection) DO UPDATE SET ${assignments.join(', ')}, reported_at = excluded.reported_at`
}

const valuesOf = (status: readonly RunnerStatus[]): unknown[][] => [
  status.map(({ projection }) => projection),
  status.map(({ version }) => version),
  status.map(({ generation }) => generation),
  status.map(({ state }) => state),
  status.map(({ position }) => position),
  status.map(({ lagEvents }) => Math.round(lagEvents)),
  status.map(({ lagMs }) => Math.round(lagMs)),
  status.map(({ eventsPerSecond }) => eventsPerSecond),
  status.map(({ reconnects }) => reconnects),
  status.map(({ error }) => error),
]

/** Tells other processes, every second, how the projections of this one are. */
export const reportStatus = async (options: StatusReportOptions, signal: AbortSignal): Promise<void> => {
  const { pool, schemas, status, log } = options
  const sql = reportSql(schemas)
  while (!signal.aborted) {
    const now = status()
    try {
      if (now.length > 0) await pool.query(sql, valuesOf(now))
    } catch (error) {
      log(`status of projections: ${messageOf(error)}`)
    }
    await sleep(intervalMs, signal)
  }
}
