import type { Pool } from 'pg'
import { messageOf } from '../../domain/errors.js'
import { defaultSchemas, readsChannel, type SchemaNames } from '../postgres/names.js'

/** Counts who reads in this process and says so to rebuilds, in whatever process they are: while others read, they go slower. */
export interface ReadTraffic {
  /** A read model is asked for something. */
  read(): void
  start(): void
  stop(): void
}

export interface ReadTrafficOptions {
  readonly pool: Pool
  readonly schemas?: SchemaNames
  readonly log: (line: string) => void
}

const intervalMs = 1_000

/** Nobody reads: nothing is said. A second of which nobody hears costs no more than that a rebuild is faster in it. */
export const createReadTraffic = ({ pool, schemas = defaultSchemas, log }: ReadTrafficOptions): ReadTraffic => {
  let reads = 0
  let timer: NodeJS.Timeout | undefined
  const tell = () => {
    if (reads === 0) return
    pool
      .query('SELECT pg_notify($1, $2)', [readsChannel(schemas), String(reads)])
      .catch((error: unknown) => log(`reads: ${messageOf(error)}`))
    reads = 0
  }
  return {
    read: () => {
      reads += 1
    },
    start: () => {
      timer ??= setInterval(tell, intervalMs).unref()
    },
    stop: () => clearInterval(timer),
  }
}
