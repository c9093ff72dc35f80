import pg, { type Client, type QueryConfig, type QueryResult } from 'pg'
import { rowTypes } from './types.js'

/** One session with PostgreSQL that is opened when it is needed and again after it was lost. */
export interface Connection {
  query(config: Pick<QueryConfig, 'name' | 'text' | 'values'>): Promise<QueryResult>
  /** Everything on one session; a lost one fails the whole. */
  transaction<T>(work: (query: Connection['query']) => Promise<T>): Promise<T>
  close(): Promise<void>
}

export interface ConnectionOptions {
  readonly connectionString: string
  /** Shown in pg_stat_activity. */
  readonly name: string
  /**
   * Commits are not waited for until they are on disk. For what can be rebuilt and carries its checkpoint in the same
   * transaction: a crash of the server loses the last moments of both together.
   */
  readonly asynchronousCommit?: boolean
}

export const openClient = async ({
  connectionString,
  name,
  asynchronousCommit,
}: ConnectionOptions): Promise<Client> => {
  const client = new pg.Client({
    connectionString,
    application_name: name,
    types: rowTypes,
    pipeline: true,
    connectionTimeoutMillis: 10_000,
    options: `-c timezone=UTC${asynchronousCommit === true ? ' -c synchronous_commit=off' : ''}`,
  })
  await client.connect()
  return client
}

/** Statements of one caller at a time; loads that belong together may be sent together. */
export const createConnection = (options: ConnectionOptions): Connection => {
  let opening: Promise<Client> | undefined

  const session = (): Promise<Client> => {
    opening ??= openClient(options).then(
      (client) => {
        const forget = () => {
          if (opening === mine) opening = undefined
        }
        client.on('error', forget)
        client.on('end', forget)
        return client
      },
      (error: unknown) => {
        opening = undefined
        throw error
      },
    )
    const mine = opening
    return opening
  }

  const query: Connection['query'] = async (config) => (await session()).query(config)

  const transaction = async <T>(work: (query: Connection['query']) => Promise<T>): Promise<T> => {
    const client = await session()
    await client.query('BEGIN')
    try {
      const result = await work((config) => client.query(config))
      await client.query('COMMIT')
      return result
    } catch (error) {
      await client.query('ROLLBACK').catch(() => undefined)
      throw error
    }
  }

  const close = async () => {
    const closing = opening
    opening = undefined
    if (closing !== undefined) await closing.then((client) => client.end()).catch(() => undefined)
  }

  return { query, transaction, close }
}
