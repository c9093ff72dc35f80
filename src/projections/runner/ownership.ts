import type { Client } from 'pg'
import { openClient } from '../postgres/connection.js'
import { quoted, readsChannel, requestChannel, type SchemaNames } from '../postgres/names.js'

/**
 * Who feeds a projection: one process at a time, by an advisory lock on a connection of its own. PostgreSQL lets go of it when
 * that connection ends, so `lost` means: stop, somebody else may have begun.
 */
export interface Ownership {
  /** Aborts when the connection is lost. */
  readonly lost: AbortSignal
  /** False: another process has it. */
  acquire(key: string): Promise<boolean>
  release(key: string): Promise<void>
  close(): Promise<void>
}

/** How often the connection is asked whether it still lives; a dead peer would not be noticed otherwise. */
const heartbeatMs = 2_000
const answerMs = 5_000

const watch = (client: Client, onLost: () => void): (() => void) => {
  let waiting = false
  const timer = setInterval(() => {
    if (waiting) return
    waiting = true
    const late = setTimeout(onLost, answerMs)
    client
      .query('SELECT 1')
      .then(() => {
        waiting = false
      }, onLost)
      .finally(() => clearTimeout(late))
  }, heartbeatMs)
  timer.unref()
  return () => clearInterval(timer)
}

export interface OwnershipListeners {
  /** An operator wants something of this projection. */
  readonly onRequest: (projection: string) => void
  /** So much was read in the last second, in some process. */
  readonly onReads: (reads: number) => void
}

export const openOwnership = async (
  connectionString: string,
  names: SchemaNames,
  { onRequest, onReads }: OwnershipListeners,
): Promise<Ownership> => {
  const client = await openClient({ connectionString, name: 'flowledger projector (owner)' })
  const controller = new AbortController()
  const lose = () => controller.abort(new Error('the connection that holds the locks was lost'))
  client.on('error', lose)
  client.on('end', lose)
  client.on('notification', ({ channel, payload = '' }) => {
    if (channel === requestChannel(names)) onRequest(payload)
    else onReads(Number(payload))
  })
  await client.query(`LISTEN ${quoted(requestChannel(names))}; LISTEN ${quoted(readsChannel(names))}`)
  const unwatch = watch(client, lose)
  const idOf = (key: string) => `${names.control} ${key}`
  return {
    lost: controller.signal,
    acquire: async (key) => {
      const { rows } = await client.query<{ got: boolean }>(
        'SELECT pg_try_advisory_lock(hashtextextended($1, 7)) AS got',
        [idOf(key)],
      )
      return rows[0]?.got === true
    },
    release: async (key) => {
      await client.query('SELECT pg_advisory_unlock(hashtextextended($1, 7))', [idOf(key)])
    },
    close: async () => {
      unwatch()
      client.off('end', lose)
      await client.end()
    },
  }
}
