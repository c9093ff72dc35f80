import { v7 as uuidv7 } from 'uuid'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createEventStoreDbClient, disposeEventStoreDbClient } from '../../../src/eventlog/eventStoreDb/client.js'
import { eventStoreDbFeed } from '../../../src/eventlog/eventStoreDb/eventStoreDbFeed.js'
import { eventStoreDbStore } from '../../../src/eventlog/eventStoreDb/eventStoreDbStore.js'
import { executionsProjection } from '../../../src/projections/definitions/executions.js'
import { versionsProjection } from '../../../src/projections/definitions/versions.js'
import type { RunningProjectionOperations } from '../../../src/projections/operations/createProjectionOperations.js'
import { type RunningProjector, runProjector } from '../../../src/projections/runProjector.js'
import { append, pureRun } from '../../support/projections/events.js'
import { eventually, operator } from '../../support/projections/harness.js'
import { openWorld, type World } from '../../support/projections/world.js'

const only = ['executions', 'versions']
let world: World
let projector: RunningProjector
let operations: RunningProjectionOperations

beforeAll(async () => {
  world = await openWorld()
  projector = await runProjector({ ...world.config, only }, () => undefined)
  const log = { ...eventStoreDbFeed(world.client), ...eventStoreDbStore(world.client) }
  operations = await world.harness.operations(log, [executionsProjection, versionsProjection])
})

afterAll(async () => {
  await projector?.stop()
  await world?.close()
})

const states = async () => (await projector.status()).map(({ state }) => state)

it('EventStoreDB goes away and comes back under load and in a rebuild: nothing is lost, nothing comes twice', async () => {
  const store = eventStoreDbStore(world.client)
  let writer = store
  const workflowId = uuidv7()
  /** A run that was not answered may be there: it has its stream, so the log tells. */
  const asked: string[] = []
  let answered = 0
  let over = false
  const writing = async () => {
    while (!over) {
      const run = pureRun(workflowId)
      asked.push(run[0])
      await append(writer, run).then(
        () => {
          answered += 1
        },
        // The log is away, in whatever words; what is in it counts.
        () => undefined,
      )
    }
  }
  const load = Promise.all(Array.from({ length: 4 }, writing))
  await eventually(() => answered > 60)

  const { id } = await operations.rebuild(operator(), 'executions')
  await eventually(async () => (await operations.findRebuild('executions', id)).state !== 'preparing')
  await world.stopLog()
  await eventually(async () => (await states()).every((state) => state === 'stalled' || state === 'rebuilding'))
  await eventually(async () => (await states()).includes('stalled'))
  await world.startLog()
  // As a program that was started again: what matters here is the read side.
  const fresh = createEventStoreDbClient(world.config.eventstoreUrl)
  writer = eventStoreDbStore(fresh)
  const whenBack = answered
  await eventually(() => answered > whenBack + 60)
  over = true
  await load
  await disposeEventStoreDbClient(fresh)

  await eventually(async () => (await operations.findRebuild('executions', id)).finishedAt !== null)
  expect(await operations.findRebuild('executions', id)).toMatchObject({
    state: 'swapped',
    verification: { equal: true },
  })
  const head = await eventStoreDbFeed(world.client).head()
  // The one that nothing came for goes along.
  await eventually(async () =>
    (await projector.status()).every(({ state, position }) => state === 'live' && (position ?? 0n) >= (head ?? 0n)),
  )
  const there: string[] = []
  for (const stream of asked) {
    for await (const _ of store.readStream(stream)) {
      there.push(stream.slice('execution-'.length))
      break
    }
  }
  const { rows } = await world.harness.pool.query<{ id: string }>(
    `SELECT id FROM "${world.harness.schemas.read}".executions WHERE status = 'completed'`,
  )
  expect(rows.map((row) => row.id).sort()).toEqual(there.sort())
  expect(there.length).toBeGreaterThan(120)
  expect((await operations.verify('executions')).equal).toBe(true)
})
