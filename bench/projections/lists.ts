// What a page of executions costs with ten thousand and with a million of them: node --import tsx bench/projections/lists.ts
import { MongoClient } from 'mongodb'
import pg from 'pg'
import { executionsProjection } from '../../src/projections/definitions/executions.js'
import { migrate } from '../../src/projections/postgres/migrate.js'
import { defaultSchemas } from '../../src/projections/postgres/names.js'
import { postgresGenerationStore } from '../../src/projections/postgres/postgresGenerationStore.js'
import { createReadModels } from '../../src/projections/queries/readModels.js'
import { startBenchStores } from './stores.js'

const stores = await startBenchStores()
const pool = new pg.Pool({ connectionString: stores.postgresUrl, max: 4 })
try {
  await migrate(pool, defaultSchemas)
  const generations = postgresGenerationStore(pool, defaultSchemas)
  const ref = { projection: executionsProjection, generation: 1 }
  await generations.prepare(ref, { indexed: true })
  await generations.activate(ref)
  const { executions } = createReadModels({ pool, mongo: new MongoClient(stores.mongoUrl) })
  const workflowId = '00000000-0000-7000-8000-000000000007'

  const grow = async (from: number, to: number) => {
    await pool.query(
      `INSERT INTO executions_g1.executions SELECT lpad(to_hex(n), 32, '0')::uuid,
         ('00000000-0000-7000-8000-' || lpad((n % 20)::text, 12, '0'))::uuid, 1, gen_random_uuid(), 'hash',
         CASE WHEN n % 50 = 0 THEN 'failed' ELSE 'completed' END, '{}', '{}', '[]', NULL, NULL, NULL, false, false, '{}', 6,
         timestamptz '2026-01-01' + n * interval '1 second', now()
       FROM generate_series($1::int, $2::int) n`,
      [from, to],
    )
    await generations.finish(ref)
  }
  type Turn = (cursor?: string) => Promise<{ nextCursor: string | null }>
  /** Median of 300 pages, from the first one again after `depth` of them. */
  const p50 = async (page: Turn, depth: number) => {
    const times: number[] = []
    let cursor: string | undefined
    for (let turn = 0; turn < 300; turn += 1) {
      const started = performance.now()
      const { nextCursor } = await page(turn % depth === 0 ? undefined : cursor)
      cursor = nextCursor ?? undefined
      times.push(performance.now() - started)
    }
    return Math.round((times.sort((a, b) => a - b)[150] ?? 0) * 100) / 100
  }
  const page =
    (filter: object): Turn =>
    (cursor) =>
      executions.list({ limit: 50, ...filter, ...(cursor && { cursor }) })
  const measure = async (depth: number) => ({
    all: await p50(page({}), depth),
    ofWorkflow: await p50(page({ workflowId }), depth),
    failed: await p50(page({ status: 'failed' }), depth),
  })
  // The fewest pages that any of the three has among ten thousand.
  const depth = 4
  await grow(1, 10_000)
  // As PostgreSQL does by itself a minute later.
  await pool.query('VACUUM ANALYZE executions_g1.executions')
  await measure(depth)
  const tenThousand = await measure(depth)
  await grow(10_001, 1_000_000)
  await pool.query('VACUUM ANALYZE executions_g1.executions')
  const aMillion = await measure(depth)
  const seenOnce = await measure(300)
  console.log(JSON.stringify({ milliseconds: { tenThousand, aMillion, seenOnce } }, null, 2))
} finally {
  await pool.end()
  await stores.stop()
}
