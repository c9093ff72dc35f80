import type { Pool } from 'pg'
import type { DataKeyStore, WrappedDataKey } from './dataKeys.js'

/** Any number that nobody else in this database locks by. */
const migrationLock = 7_215_960_301

const migration = `
  create schema if not exists keyring;
  create table if not exists keyring.data_keys (
    id text primary key,
    workflow_id uuid not null unique,
    master_key_id text not null,
    iv bytea not null,
    tag bytea not null,
    ciphertext bytea not null,
    created_at timestamptz not null default now(),
    rewrapped_at timestamptz
  );
  comment on table keyring.data_keys is
    'No projection: back it up. Deleting a row makes the secrets of its workflow unreadable for ever.';
`

/** Brings the schema `keyring` to what this program needs. Several processes may do so at once. */
export const migrateDataKeys = async (pool: Pool): Promise<void> => {
  const client = await pool.connect()
  try {
    await client.query('begin')
    await client.query('select pg_advisory_xact_lock($1)', [migrationLock])
    await client.query(migration)
    await client.query('commit')
  } catch (error) {
    await client.query('rollback')
    throw error
  } finally {
    client.release()
  }
}

interface Row {
  readonly id: string
  readonly workflow_id: string
  readonly master_key_id: string
  readonly iv: Buffer
  readonly tag: Buffer
  readonly ciphertext: Buffer
}

const columns = 'id, workflow_id, master_key_id, iv, tag, ciphertext'

const toKey = ({ id, workflow_id, master_key_id, iv, tag, ciphertext }: Row): WrappedDataKey => ({
  id,
  workflowId: workflow_id,
  masterKeyId: master_key_id,
  iv,
  tag,
  ciphertext,
})

const page = 500

/** Table `keyring.data_keys`; see migrateDataKeys. */
export const postgresDataKeys = (pool: Pool): DataKeyStore => {
  const find = async (workflowId: string): Promise<WrappedDataKey | undefined> => {
    const { rows } = await pool.query<Row>(`select ${columns} from keyring.data_keys where workflow_id = $1`, [
      workflowId,
    ])
    return rows[0] && toKey(rows[0])
  }

  return {
    find,
    insert: async (key) => {
      const { id, workflowId, masterKeyId, iv, tag, ciphertext } = key
      await pool.query(
        `insert into keyring.data_keys (${columns}) values ($1, $2, $3, $4, $5, $6) on conflict (workflow_id) do nothing`,
        [id, workflowId, masterKeyId, iv, tag, ciphertext],
      )
      const kept = await find(workflowId)
      if (!kept) throw new Error(`the data key of workflow ${workflowId} was destroyed while it was made`)
      return kept
    },
    rewrap: async ({ id, masterKeyId, iv, tag, ciphertext }, previousMasterKeyId) => {
      const { rowCount } = await pool.query(
        `update keyring.data_keys set master_key_id = $2, iv = $3, tag = $4, ciphertext = $5, rewrapped_at = now()
         where id = $1 and master_key_id = $6`,
        [id, masterKeyId, iv, tag, ciphertext, previousMasterKeyId],
      )
      return rowCount === 1
    },
    delete: async (workflowId) => {
      const { rowCount } = await pool.query('delete from keyring.data_keys where workflow_id = $1', [workflowId])
      return rowCount === 1
    },
    countOthers: async (masterKeyIds) => {
      const { rows } = await pool.query<{ others: number }>(
        'select count(*)::int as others from keyring.data_keys where master_key_id <> all ($1::text[])',
        [masterKeyIds],
      )
      return rows[0]?.others ?? 0
    },
    list: async function* () {
      for (let after = ''; ; ) {
        const { rows } = await pool.query<Row>(
          `select ${columns} from keyring.data_keys where id > $1 order by id limit ${page}`,
          [after],
        )
        yield* rows.map(toKey)
        const last = rows.at(-1)
        if (!last || rows.length < page) return
        after = last.id
      }
    },
  }
}
