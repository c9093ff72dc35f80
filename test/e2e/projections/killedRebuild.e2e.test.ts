import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { v7 as uuidv7 } from 'uuid'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type EmbeddedEventStore, startEmbeddedEventStore } from '../../../src/embedded/eventstore/index.js'
import { createEventStoreDbClient } from '../../../src/eventlog/eventStoreDb/client.js'
import { eventStoreDbFeed } from '../../../src/eventlog/eventStoreDb/eventStoreDbFeed.js'
import { eventStoreDbStore } from '../../../src/eventlog/eventStoreDb/eventStoreDbStore.js'
import { executionsProjection } from '../../../src/projections/definitions/executions.js'
import type { RunningProjectionOperations } from '../../../src/projections/operations/createProjectionOperations.js'
import type { RebuildState } from '../../../src/projections/operations/projectionOperations.js'
import type { ProjectorConfig } from '../../../src/projections/runProjector.js'
import { startProjectorWorker } from '../../../src/projections/startProjectorWorker.js'
import { append, pureRun, workflowStory } from '../../support/projections/events.js'
import { eventually, type Harness, openHarness, operator } from '../../support/projections/harness.js'
import { startTestStores, type TestStores } from '../../support/projections/stores.js'

const runs = 800
let stores: TestStores
let harness: Harness
let eventstore: EmbeddedEventStore
let directory: string
let operations: RunningProjectionOperations
let config: ProjectorConfig
let projector: ChildProcess | undefined
let client: ReturnType<typeof createEventStoreDbClient>

/** A projector process of its own, which can be killed like one. */
const startProcess = (): ChildProcess =>
  spawn(
    process.execPath,
    [
      '--import',
      'tsx',
      join(import.meta.dirname, '../../support/projections/projectorProcess.ts'),
      JSON.stringify(config),
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  )

const kill = async () => {
  if (projector === undefined || projector.exitCode !== null || projector.signalCode !== null) return
  const gone = once(projector, 'exit')
  projector.kill('SIGKILL')
  await gone
}

beforeAll(async () => {
  stores = await startTestStores()
  harness = await openHarness(stores)
  directory = await mkdtemp(join(tmpdir(), 'flowledger-projections-'))
  await mkdir(join(directory, 'eventstore'), { mode: 0o700 })
  eventstore = await startEmbeddedEventStore({ directory: join(directory, 'eventstore') })
  client = createEventStoreDbClient(eventstore.connectionString)
  const store = eventStoreDbStore(client)
  const workflowId = uuidv7()
  await Promise.all(Array.from({ length: runs }, () => append(store, pureRun(workflowId))))
  config = {
    postgresUrl: stores.postgresUrl,
    mongoUrl: stores.mongoUrl,
    eventstoreUrl: eventstore.connectionString,
    schemas: harness.schemas,
    mongoNames: harness.mongoNames,
    only: ['executions'],
  }
  projector = startProcess()
  await eventually(
    async () =>
      (await harness.pool.query('SELECT to_regclass($1) AS there', [`${harness.schemas.control}.projection_status`]))
        .rows[0].there !== null,
  )
  operations = await harness.operations({ ...eventStoreDbFeed(client), ...store }, [executionsProjection])
})

afterAll(async () => {
  await kill()
  await harness.close()
  await client.dispose()
  await eventstore.stop()
  await stores.stop()
  await rm(directory, { recursive: true, force: true })
})

const stateOf = async (id: string): Promise<RebuildState> => (await operations.findRebuild('executions', id)).state
const killedAt: readonly RebuildState[] = ['preparing', 'replaying', 'catching_up', 'verifying', 'swapped']

it('runs in a worker thread beside others that feed other projections', async () => {
  const failures: Error[] = []
  const only = ['workflows', 'activity']
  const worker = await startProjectorWorker(
    { ...config, only },
    () => undefined,
    (error) => failures.push(error),
  )
  const { position } = await append(eventStoreDbStore(client), workflowStory().events)
  await eventually(async () => {
    const status = await worker.status()
    return status.length === 2 && status.every((each) => (each.position ?? 0n) >= position)
  })
  expect((await harness.readModels.workflows.list({ limit: 5 })).items).toMatchObject([{ name: 'Orders' }])
  await worker.stop()
  expect(failures).toEqual([])
})

it('goes on after SIGKILL in every state, and ends with rows that are what the log says', async () => {
  const head = await eventStoreDbFeed(client).head()
  await eventually(async () => (await operations.status('executions')).position === head)
  for (const state of killedAt) {
    const { id } = await operations.rebuild(operator(), 'executions', { keepMs: 60_000 })
    // The state is not on display for long: whatever it is when the kill comes, it is this one or a later one.
    const order = [...killedAt, 'completed']
    await eventually(async () => order.indexOf(await stateOf(id)) >= killedAt.indexOf(state))
    await kill()
    projector = startProcess()
    await eventually(async () => ['swapped', 'completed'].includes(await stateOf(id)))
  }
  const paused = await operations.rebuild(operator(), 'executions')
  await operations.pause(operator(), 'executions', paused.id)
  await kill()
  projector = startProcess()
  expect(await stateOf(paused.id)).toBe('paused')
  await operations.resume(operator(), 'executions', paused.id)
  await eventually(async () => (await stateOf(paused.id)) === 'swapped')

  const { rows } = await harness.pool.query(
    `SELECT (SELECT count(*)::int FROM "${harness.schemas.read}".executions WHERE status = 'completed') AS runs,
      (SELECT count(*)::int FROM "${harness.schemas.read}".execution_steps) AS steps`,
  )
  expect(rows).toEqual([{ runs, steps: runs * 6 }])
  expect(await operations.verify('executions')).toMatchObject({ equal: true })
  const swapped = await harness.pool.query(`SELECT nspname FROM pg_namespace WHERE nspname LIKE $1`, [
    `${harness.schemas.prefix}executions_g%`,
  ])
  expect(swapped.rows).toHaveLength(2)
})
