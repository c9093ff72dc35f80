import type { Pool } from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { inTransaction, openPool } from '../../../src/projections/postgres/pool.js'
import { startTestStores, type TestStores } from '../../support/projections/stores.js'

let stores: TestStores
let pool: Pool
const losses: string[] = []

beforeAll(async () => {
  stores = await startTestStores()
  pool = openPool({ connectionString: stores.postgresUrl, max: 2, name: 'pool under test' }, (reason) =>
    losses.push(reason),
  )
})

afterAll(async () => {
  await pool?.end()
  await stores?.stop()
})

const end = (pid: number) => pool.query('SELECT pg_terminate_backend($1)', [pid])
const pidOf = async (client: Pick<Pool, 'query'>) =>
  (await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid ?? 0

it('fails a transaction whose connection is lost, and goes on with another one', async () => {
  const lost = inTransaction(pool, async (client) => {
    await end(await pidOf(client))
    await client.query('SELECT 1')
  })
  await expect(lost).rejects.toThrow(/terminat|not queryable|EPIPE|ECONNRESET/)
  // How its end shows depends on what the socket tells first.
  expect(losses.length).toBeGreaterThan(0)
  expect(await inTransaction(pool, pidOf)).toBeGreaterThan(0)
})

it('replaces an idle connection that was lost', async () => {
  losses.length = 0
  const [one, other] = await Promise.all([pool.connect(), pool.connect()])
  const pid = await pidOf(one)
  one.release()
  await other.query('SELECT pg_terminate_backend($1)', [pid])
  await expect.poll(() => losses.length).toBeGreaterThan(0)
  other.release()
  expect(await inTransaction(pool, pidOf)).not.toBe(pid)
})

it('rolls back what failed', async () => {
  await pool.query('CREATE TABLE IF NOT EXISTS rolled_back (id int)')
  const failed = inTransaction(pool, async (client) => {
    await client.query('INSERT INTO rolled_back VALUES (1)')
    throw new Error('after the insert')
  })
  await expect(failed).rejects.toThrow('after the insert')
  expect((await pool.query('SELECT * FROM rolled_back')).rows).toEqual([])
})
