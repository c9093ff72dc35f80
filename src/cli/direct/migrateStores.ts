import type { Pool } from 'pg'
import { migrateDataKeys } from '../../commands/secrets/postgresDataKeys.js'
import { startStores } from '../../container.js'
import { createLogger } from '../../logger.js'
import { migrate } from '../../projections/postgres/migrate.js'
import { defaultSchemas, quoted } from '../../projections/postgres/names.js'
import { openPool } from '../../projections/postgres/pool.js'
import { directConfig } from './directConfig.js'

export interface MigrationReport {
  /** What had not been there before, oldest first. */
  readonly applied: readonly string[]
  /** All that is there now. */
  readonly migrations: readonly string[]
}

const table = `${quoted(defaultSchemas.control)}.migrations`

const migrationsIn = async (pool: Pool): Promise<string[]> => {
  const { rows: found } = await pool.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [table])
  if (found[0]?.there !== true) return []
  const { rows } = await pool.query<{ name: string }>(`SELECT name FROM ${table} ORDER BY id`)
  return rows.map(({ name }) => name)
}

const migrateAt = async (postgresUrl: string): Promise<MigrationReport> => {
  // Whoever waits for a query on a lost connection is told by it.
  const pool = openPool({ connectionString: postgresUrl, max: 1, name: 'flowledger migrate' }, () => undefined)
  try {
    const before = new Set(await migrationsIn(pool))
    await migrateDataKeys(pool)
    await migrate(pool, defaultSchemas)
    const migrations = await migrationsIn(pool)
    return { applied: migrations.filter((name) => !before.has(name)), migrations }
  } finally {
    await pool.end()
  }
}

/** Brings the schemas of PostgreSQL to what this program needs: at POSTGRES_URL, else in the data directory, if nobody uses it. */
export const migrateStores = async (): Promise<MigrationReport> => {
  const config = directConfig()
  if (config.POSTGRES_URL !== undefined) return migrateAt(config.POSTGRES_URL)
  const logger = createLogger(config.LOG_LEVEL)
  const stores = await startStores(config, (line) => logger.info(line))
  try {
    return await migrateAt(stores.postgresUrl)
  } finally {
    await stores.stop()
  }
}
