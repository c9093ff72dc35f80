import { v7 as uuidv7 } from 'uuid'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createInMemoryLog } from '../../../src/eventlog/inMemory/inMemoryLog.js'
import { executionsProjection } from '../../../src/projections/definitions/executions.js'
import { liveBatch } from '../../../src/projections/projector/liveBatch.js'
import { append, pureRun } from '../../support/projections/events.js'
import { openGate } from '../../support/projections/gate.js'
import { eventually, type Harness, openHarness, operator, reached, watch } from '../../support/projections/harness.js'
import { startTestStores, type TestStores } from '../../support/projections/stores.js'

let stores: TestStores
let harness: Harness

beforeAll(async () => {
  stores = await startTestStores()
  harness = await openHarness(stores)
})
afterAll(async () => {
  await harness?.close()
  await stores?.stop()
})

const workflowId = uuidv7()

it('a rebuild that falls behind the log by more than fits its queue catches up, and the live rows never wait for it', async () => {
  const log = createInMemoryLog()
  const appendRuns = async (count: number) => {
    let position = 0n
    for (let run = 0; run < count; run += 1) position = (await append(log, pureRun(workflowId))).position
    return position
  }
  const only = [executionsProjection]
  const projector = harness.projector(log, only)
  await projector.start()
  const operations = await harness.operations(log, only)
  await reached(projector, await appendRuns(20))
  const { control } = harness.schemas
  const verified = await openGate(stores.postgresUrl, harness.schemas, 'verified')
  const written = await openGate(stores.postgresUrl, harness.schemas, 'written')
  try {
    // It is fed like the live rows, and nobody has asked yet whether it equals them.
    await verified.close({ table: 'rebuilds', when: `NEW.state = 'verifying'` })
    const { id } = await operations.rebuild(operator(), 'executions')
    await eventually(async () => (await verified.waiting()) === 1)
    await written.close({
      table: 'checkpoints',
      when: `(SELECT state FROM "${control}".generations g
        WHERE (g.projection, g.generation) = (NEW.projection, NEW.generation)) = 'building'`,
    })
    await appendRuns(1)
    await eventually(async () => (await written.waiting()) === 1)
    const runs = Math.ceil((2 * liveBatch.capacity) / 7)
    await reached(projector, await appendRuns(runs))
    expect(await written.waiting()).toBe(1)

    await written.letThrough()
    await verified.letThrough()
    const seen = await watch(operations, id)
    const rows = 20 + 1 + runs
    expect(seen.at(-1)).toMatchObject({
      state: 'swapped',
      verification: { equal: true, rows: { executions: { before: rows, after: rows } } },
    })
    await reached(projector, await appendRuns(1))
    const { rows: counted } = await harness.pool.query(
      `SELECT count(*)::int AS runs FROM "${harness.schemas.read}".executions WHERE status = 'completed'`,
    )
    expect(counted).toEqual([{ runs: rows + 1 }])
  } finally {
    await written.end()
    await verified.end()
  }
})
