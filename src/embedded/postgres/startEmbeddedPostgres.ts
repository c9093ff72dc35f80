import { join } from 'node:path'
import { Client } from 'pg'
import { releaseReachableFolder } from '../dataDirectory/shortPath.js'
import { packagedInstallation, usableInstallation } from './binaries.js'
import { ensureCluster } from './cluster.js'
import { stopOrphan } from './orphan.js'
import { dataFolderOf, placeCluster } from './placement.js'
import { startServer } from './server.js'
import { connectionStringFor, DATABASE } from './settings.js'

export interface EmbeddedPostgresOptions {
  /** A private folder (0700) that this process owns alone. */
  readonly directory: string
  /** Takes one line about what an operator should know. */
  readonly log?: (line: string) => void
  /** For what can't lie under `directory` when this process is root. */
  readonly stateFolder?: string
  /** Whether a folder can be entered before root is given up (`/proc/self/cwd`); found out where it is not said. */
  readonly canEnter?: boolean
}

export interface EmbeddedPostgres {
  readonly connectionString: string
  /** The server's process id. */
  readonly pid: number
  stop(): Promise<void>
}

/**
 * Starts the real PostgreSQL out of npm packages, on a Unix socket in `directory` only. What an earlier, killed run left behind is
 * stopped first; committed data survives that.
 *
 * @throws EmbeddedPostgresError with a stable `code` and a message of one line
 */
export const startEmbeddedPostgres = async (options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> => {
  const { directory, log = () => undefined, stateFolder = '/var/lib/flowledger' } = options
  const placement = await placeCluster(directory, stateFolder, log, options.canEnter)
  const copies = placement.account === undefined ? directory : stateFolder
  const installation = await usableInstallation(packagedInstallation(), copies, placement.account)
  await stopOrphan(join(placement.folder, 'data'), log)
  await ensureCluster(installation, placement, log)
  const data = await dataFolderOf(placement)
  const server = await startServer(installation, placement, data)
  let stopping = false
  server.exited.then(
    () => stopping || log(`PostgreSQL (process ${server.pid}) ended by itself; see ${placement.folder}/server.log.`),
    (error: unknown) => log(`PostgreSQL could not be run: ${String(error)}`),
  )
  const stop = async (): Promise<void> => {
    stopping = true
    await server.stop()
    await releaseReachableFolder(data.path, data.clientFolder)
  }
  try {
    await ensureDatabase(data.clientFolder)
  } catch (error) {
    await stop()
    throw error
  }
  return { connectionString: connectionStringFor(data.clientFolder), pid: server.pid, stop }
}

const ensureDatabase = async (folder: string): Promise<void> => {
  const client = new Client({ connectionString: connectionStringFor(folder, 'postgres') })
  await client.connect()
  try {
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE])
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(DATABASE)}`)
  } finally {
    await client.end()
  }
}
