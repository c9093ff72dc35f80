import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../../src/embedded/postgres/index.js'
import { defaultSchemas } from '../../../src/projections/postgres/names.js'
import { newDirectory, type Program, removeDirectory, startProgram } from '../../support/program.js'
import { type Crossing, openGate } from '../../support/projections/gate.js'
import { eventually } from '../../support/projections/harness.js'

interface Rebuild {
  readonly id: string
  readonly projection: string
  readonly generation: number
  readonly state: string
}

/** One projection of either store: what is known of both rebuilds stands in PostgreSQL. */
const names = ['executions', 'versions'] as const
const directory = newDirectory()
let postgres: EmbeddedPostgres
let program: Program
let workflowId: string
const started: string[] = []

const startPostgres = () => startEmbeddedPostgres({ directory: join(directory, 'postgres') })

const query = async <R extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<R[]> => {
  const client = new pg.Client({ connectionString: postgres.connectionString })
  await client.connect()
  try {
    return (await client.query<R>(text, values)).rows
  } finally {
    await client.end()
  }
}

const startRun = async () => {
  const { status, body } = await program.call('POST', `/v1/workflows/${workflowId}/executions`, { input: {} })
  // The log takes it, whatever PostgreSQL does.
  expect(status).toBe(202)
  started.push(String(body.id))
}

const saveVersion = async () => {
  const patch = await program.call('PATCH', `/v1/workflows/${workflowId}`, { name: `Number ${started.length}` })
  expect(patch.status).toBe(200)
  const key = `n${started.length}`
  await program.call('POST', `/v1/workflows/${workflowId}/nodes`, { key, type: 'noop' })
  expect((await program.call('POST', `/v1/workflows/${workflowId}/versions`, {})).status).toBe(201)
}

/** Runs are started and versions saved as long as `work` takes. */
const whileWriting = async <T>(work: () => Promise<T>): Promise<T> => {
  let over = false
  const writing = async () => {
    while (!over) {
      await Promise.all([startRun(), startRun()])
      if (started.length % 20 === 0) await saveVersion()
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  const writes = writing()
  try {
    return await work()
  } finally {
    over = true
    await writes
  }
}

beforeAll(async () => {
  await mkdir(join(directory, 'postgres'), { mode: 0o700 })
  postgres = await startPostgres()
  program = await startProgram({
    DATA_DIR: join(directory, 'data'),
    POSTGRES_URL: postgres.connectionString,
    API_KEY: 'a-key-that-an-operator-chose',
    MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
  })
  const steps = ['one', 'two', 'three']
  const created = await program.call<{ id: string }>('POST', '/v1/workflows', {
    name: 'Chain',
    nodes: [{ key: 'start', type: 'trigger.manual' }, ...steps.map((key) => ({ key, type: 'noop' }))],
    edges: steps.map((key, index) => ({ sourceNodeId: steps[index - 1] ?? 'start', targetNodeId: key })),
  })
  workflowId = created.body.id
  await program.call('POST', `/v1/workflows/${workflowId}/versions`, {})
  await program.call('POST', `/v1/workflows/${workflowId}/versions/1/publish`)
  for (let turn = 0; turn < 30; turn += 1) await Promise.all(Array.from({ length: 8 }, startRun))
})

afterAll(async () => {
  await program?.kill()
  await postgres?.stop()
  removeDirectory(directory)
})

const upToDate = () =>
  eventually(async () => {
    const { status, body } = await program.call<{ items: { state: string; position: string; head: string }[] }>(
      'GET',
      '/v1/projections',
    )
    if (status !== 200) return false
    return body.items.every(({ state, position, head }) => state === 'live' && BigInt(position) >= BigInt(head))
  })

const beginAll = async (): Promise<Rebuild[]> => {
  const begun: Rebuild[] = []
  for (const name of names) {
    const { status, body } = await program.call<Rebuild>('POST', `/v1/projections/${name}/rebuild`, {})
    expect(status).toBe(202)
    begun.push(body)
  }
  return begun
}

const allSwapped = async (begun: readonly Rebuild[]) => {
  for (const { projection, id, generation } of begun) {
    const path = `/v1/projections/${projection}/rebuilds/${id}`
    await eventually(async () => ['swapped', 'failed'].includes((await program.call<Rebuild>('GET', path)).body.state))
    const { body } = await program.call('GET', path)
    expect(body).toMatchObject({ state: 'swapped', error: null, progress: 1, verification: { equal: true } })
    const live = await program.call('GET', `/v1/projections/${projection}`)
    expect(live.body).toMatchObject({ generation, deadLetters: 0 })
  }
}

/** Every run that was answered is there, once, and so is every event; rows are what the log says. */
const rowsAreRight = async () => {
  await upToDate()
  const runs = await query<{ id: string }>('SELECT id FROM read.executions')
  expect(runs.map(({ id }) => id).sort()).toEqual([...started].sort())
  const headers = { 'X-API-Key': program.key, Accept: 'application/x-ndjson' }
  const log = await (await fetch(`${program.url}/v1/audit/events`, { headers })).text()
  const events = log.trim().split('\n').length
  const [activity] = await query<{ rows: number; events: number }>(
    'SELECT count(*)::int AS rows, count(DISTINCT event_id)::int AS events FROM read.activity',
  )
  expect(activity).toEqual({ rows: events, events })
  const { body } = await program.call<{ items: { name: string }[] }>('GET', '/v1/projections')
  for (const { name } of body.items) {
    const verified = await program.call('GET', `/v1/projections/${name}/verification?streams=200`)
    expect(verified.body, name).toMatchObject({ equal: true, differences: [] })
  }
  expect([program.child.exitCode, program.child.signalCode]).toEqual([null, null])
}

const leaves = (state: string) => `OLD.state = '${state}' AND NEW.state <> '${state}'`
const ownCommit = `OLD.position IS NOT NULL AND EXISTS (SELECT FROM flowledger.generations g WHERE g.state = 'building'
  AND (g.projection, g.generation) = (NEW.projection, NEW.generation))`

/** Where every connection is lost, and how many wait there: a rebuild of each store, or the one whose rows are in PostgreSQL. */
const crossings: (readonly [string, Crossing, number])[] = [
  ['is prepared', { table: 'rebuilds', when: leaves('preparing') }, 2],
  ['replays', { table: 'checkpoints', when: ownCommit }, 1],
  ['catches up', { table: 'rebuilds', when: leaves('catching_up') }, 2],
  ['has verified', { table: 'rebuilds', when: 'OLD.verification IS NULL AND NEW.verification IS NOT NULL' }, 2],
  ['swaps', { table: 'generations', when: `OLD.state = 'building' AND NEW.state = 'active'` }, 1],
  ['has swapped', { table: 'rebuilds', when: leaves('verifying') }, 2],
]

it.each(crossings)(
  'a rebuild that %s goes on when every connection was lost there',
  async (_, crossing, waiting) => {
    await upToDate()
    const gate = await openGate(postgres.connectionString, defaultSchemas)
    await gate.close(crossing)
    const begun = await whileWriting(async () => {
      const rebuilds = await beginAll()
      await eventually(async () => (await gate.waiting()) === waiting)
      const lost = await query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'flowledger%'`,
      )
      expect(lost.length).toBeGreaterThan(10)
      await gate.open()
      await gate.end()
      await allSwapped(rebuilds)
      return rebuilds
    })
    expect(begun).toHaveLength(2)
    await rowsAreRight()
  },
  300_000,
)

it.each([
  ['stops', (): Promise<void> => postgres.stop()],
  ['crashes', async (): Promise<void> => void process.kill(postgres.pid, 'SIGQUIT')],
] as const)(
  'a rebuild that replays while the server %s goes on when it is back',
  async (_, leave) => {
    await upToDate()
    const gate = await openGate(postgres.connectionString, defaultSchemas)
    await gate.close({ table: 'checkpoints', when: ownCommit })
    await whileWriting(async () => {
      const rebuilds = await beginAll()
      await eventually(async () => (await gate.waiting()) === 1)
      await leave()
      await eventually(async () => (await program.call('GET', '/readyz')).status === 503)
      const before = started.length
      await eventually(() => started.length > before + 20)
      postgres = await startPostgres()
      const opener = await openGate(postgres.connectionString, defaultSchemas)
      await opener.open()
      await opener.end()
      await allSwapped(rebuilds)
    })
    await rowsAreRight()
  },
  300_000,
)
