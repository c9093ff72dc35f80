import pg from 'pg'
import type { SchemaNames } from '../../../src/projections/postgres/names.js'

/** Where a rebuild is stopped: at which change of its record, which commit of its rows, or its swap, in PL/pgSQL. */
export interface Crossing {
  readonly table: 'rebuilds' | 'checkpoints' | 'generations'
  readonly when: string
}

/**
 * Lets a process stop at an exact point: a trigger makes the backend that comes to it wait for a lock that the test holds. So a
 * process can be killed there, whatever the speed of the machine.
 */
export const openGate = async (connectionString: string, { control }: SchemaNames, name = 'gate') => {
  const passage = `"${control}"."${name}"`
  const key = Math.floor(Math.random() * 1_000_000_000)
  const client = new pg.Client({ connectionString })
  // With the server it may go away too.
  client.on('error', () => undefined)
  await client.connect()
  await client.query('SELECT pg_advisory_lock($1)', [key])

  const waiting = async (): Promise<number[]> =>
    (
      await client.query<{ pid: number }>(
        `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND classid = 0 AND objid = $1`,
        [key],
      )
    ).rows.map(({ pid }) => pid)

  return {
    close: async ({ table, when }: Crossing) => {
      await client.query(
        `CREATE FUNCTION ${passage}() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN IF ${when} THEN PERFORM set_config('lock_timeout', '0', true), pg_advisory_xact_lock(${key}); END IF; RETURN NEW; END $$`,
      )
      await client.query(
        `CREATE TRIGGER "${name}" BEFORE UPDATE ON "${control}".${table} FOR EACH ROW EXECUTE FUNCTION ${passage}()`,
      )
    },
    waiting: async () => (await waiting()).length,
    /** Those who wait at it are thrown out, as their process is dead. */
    open: async () => {
      for (const pid of await waiting()) await client.query('SELECT pg_terminate_backend($1)', [pid])
      await client.query(`DROP FUNCTION ${passage}() CASCADE`)
    },
    /** Those who wait at it go on. */
    letThrough: async () => {
      await client.query('SELECT pg_advisory_unlock($1)', [key])
      await client.query(`DROP FUNCTION ${passage}() CASCADE`)
      await client.query('SELECT pg_advisory_lock($1)', [key])
    },
    end: () => client.end(),
  }
}
