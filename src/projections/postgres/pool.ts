import pg, { type Pool, type PoolClient } from 'pg'

interface PoolOptions {
  readonly connectionString: string
  readonly max: number
  /** Shown in pg_stat_activity. */
  readonly name: string
}

/**
 * A pool whose lost connections end what is under way on them, and nothing else: without these listeners one that breaks, idle or
 * in a transaction, would end the process. `onLost` hears why.
 */
export const openPool = ({ connectionString, max, name }: PoolOptions, onLost: (reason: string) => void): Pool => {
  const pool = new pg.Pool({ connectionString, max, application_name: name })
  const lost = ({ message }: Error) => {
    if (!pool.ending) onLost(message)
  }
  pool.on('connect', (client) => client.on('error', lost))
  // The pool hears of idle ones, which told it themselves already.
  pool.on('error', () => undefined)
  return pool
}

/** Everything or nothing, on one connection. */
export const inTransaction = async <T>(
  pool: Pool,
  work: (client: PoolClient) => Promise<T>,
  begin = 'BEGIN',
): Promise<T> => {
  const client = await pool.connect()
  try {
    await client.query(begin)
    const result = await work(client)
    await client.query('COMMIT')
    return result
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined)
    throw error
  } finally {
    client.release()
  }
}
