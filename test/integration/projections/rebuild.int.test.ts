import pg from 'pg'
import { v7 as uuidv7 } from 'uuid'
import { describe, expect, it } from 'vitest'
import { executionsProjection } from '../../../src/projections/definitions/executions.js'
import { versionsProjection } from '../../../src/projections/definitions/versions.js'
import { workflowsProjection } from '../../../src/projections/definitions/workflows.js'
import type { Projection } from '../../../src/projections/model/projection.js'
import { postgresGenerationStore } from '../../../src/projections/postgres/postgresGenerationStore.js'
import { append, pureRun, workflowStory } from '../../support/projections/events.js'
import { eventually, operator, reached, watch } from '../../support/projections/harness.js'
import { harness, log, stores } from '../../support/projections/harnessOfEachTest.js'

const workflowId = uuidv7()
const appendRuns = async (count: number) => {
  let position = 0n
  for (let index = 0; index < count; index += 1)
    position = (await append(log, pureRun(workflowId), { size: 4 })).position
  return position
}

const begin = async (only: readonly Projection[]) => {
  const projector = harness.projector(log, only)
  await projector.start()
  return { projector, operations: await harness.operations(log, only) }
}

const view = (name: string) => `"${harness.schemas.read}"."${name}"`

describe('a rebuild', () => {
  it('of an empty log swaps to an empty generation', async () => {
    const { operations } = await begin([executionsProjection])
    const { id } = await operations.rebuild(operator(), 'executions')
    const seen = await watch(operations, id)
    expect(seen.at(-1)).toMatchObject({ state: 'swapped', progress: 1, generation: 2, verification: { equal: true } })
  })

  it('beside the live rows loses no event and fails no read while events keep coming', async () => {
    const { projector, operations } = await begin([executionsProjection])
    await appendRuns(60)
    const { id } = await operations.rebuild(operator(), 'executions')
    let over = false
    let last = 0n
    let reads = 0
    const writing = async () => {
      while (!over) {
        last = await appendRuns(1)
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
    }
    const reading = async () => {
      while (!over) {
        await harness.readModels.executions.list({ limit: 5, workflowId })
        reads += 1
      }
    }
    const work = Promise.all([writing(), reading()])
    const seen = await watch(operations, id)
    over = true
    await work
    expect(seen.at(-1)).toMatchObject({ state: 'swapped', verification: { equal: true, method: 'generations' } })
    expect(reads).toBeGreaterThan(0)
    await reached(projector, last)
    const { rows } = await harness.pool.query(
      `SELECT count(*)::int AS runs FROM ${view('executions')} WHERE status = 'completed'`,
    )
    expect(rows).toEqual([{ runs: log.events.filter(({ type }) => type === 'ExecutionCompleted').length }])
    const written = log.events.filter(({ stream }) => stream === 'projection-executions').map(({ type }) => type)
    await eventually(() => log.events.filter(({ stream }) => stream === 'projection-executions').length === 3)
    expect(written.slice(0, 1)).toEqual(['RebuildStarted'])
  })

  it('names the row of the live generation that somebody tampered with, and leaves readers where they are', async () => {
    const { projector, operations } = await begin([executionsProjection])
    await reached(projector, await appendRuns(5))
    const { rows } = await harness.pool.query(
      `UPDATE "${harness.schemas.prefix}executions_g1".execution_steps SET key = 'forged' WHERE ordinal = 2
       AND execution_id = (SELECT id FROM ${view('executions')} LIMIT 1) RETURNING execution_id, node_id`,
    )
    const key = rows[0] as Record<string, string>
    const { id } = await operations.rebuild(operator(), 'executions')
    const failed = (await watch(operations, id)).at(-1)
    expect(failed).toMatchObject({
      state: 'failed',
      verification: {
        equal: false,
        differences: [{ table: 'execution_steps', key, kind: 'different', columns: ['key'] }],
      },
    })
    expect((await operations.status('executions')).generation).toBe(1)
    const byHand = await operations.verify('executions')
    expect(byHand).toMatchObject({ equal: false, method: 'refold', differences: [{ key, columns: ['key'] }] })

    const repair = await operations.rebuild(operator(), 'executions', { onDifference: 'swap' })
    expect((await watch(operations, repair.id)).at(-1)).toMatchObject({
      state: 'swapped',
      verification: { equal: false },
    })
    expect(await operations.verify('executions')).toMatchObject({ equal: true })
  })

  it('is refused while one is under way, whoever asks first', async () => {
    const { projector, operations } = await begin([executionsProjection])
    await reached(projector, await appendRuns(3))
    const asked = await Promise.allSettled([
      operations.rebuild(operator(), 'executions'),
      operations.rebuild(operator(), 'executions'),
    ])
    expect(asked.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(asked.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'rebuild_in_progress' } })
    const [begun] = asked.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
    expect((await watch(operations, begun?.id ?? '')).at(-1)?.state).toBe('swapped')
  })

  it('pauses, resumes and can be cancelled', async () => {
    const { projector, operations } = await begin([executionsProjection])
    await reached(projector, await appendRuns(200))
    const { id } = await operations.rebuild(operator(), 'executions')
    const paused = await operations.pause(operator(), 'executions', id)
    expect(paused).toMatchObject({ state: 'paused' })
    // Readers are served as before, whatever waits.
    await eventually(async () => (await operations.status('executions')).state === 'paused')
    expect(await operations.status('executions')).toMatchObject({ ready: true, rebuildId: id })
    await expect(operations.rebuild(operator(), 'executions')).rejects.toMatchObject({ code: 'rebuild_in_progress' })
    expect((await operations.resume(operator(), 'executions', id)).state).not.toBe('paused')
    expect((await watch(operations, id)).at(-1)).toMatchObject({ state: 'swapped' })

    const second = await operations.rebuild(operator(), 'executions')
    await operations.pause(operator(), 'executions', second.id)
    expect(await operations.cancel(operator(), 'executions', second.id)).toMatchObject({ state: 'cancelled' })
    await expect(operations.resume(operator(), 'executions', second.id)).rejects.toMatchObject({
      code: 'rebuild_not_paused',
    })
    expect((await operations.status('executions')).generation).toBe(2)
  })

  it('counts what was replayed before it was paused', async () => {
    const { projector, operations } = await begin([executionsProjection])
    await reached(projector, await appendRuns(700))
    const { id } = await operations.rebuild(operator(), 'executions')
    const replayed = `SELECT FROM "${harness.schemas.control}".checkpoints WHERE generation = 2 AND position IS NOT NULL`
    await eventually(async () => (await harness.pool.query(replayed)).rowCount === 1)
    const paused = await operations.pause(operator(), 'executions', id)
    expect(Number(paused.processed)).toBeGreaterThan(0)
    await operations.resume(operator(), 'executions', id)
    const ended = (await watch(operations, id)).at(-1)
    expect(Number(ended?.processed)).toBe(log.events.filter(({ stream }) => stream.startsWith('execution-')).length)
  })

  it('can be rolled back to the generation before, which was kept fed, until that is dropped', async () => {
    const { projector, operations } = await begin([executionsProjection])
    await reached(projector, await appendRuns(3))
    const { id } = await operations.rebuild(operator(), 'executions')
    await watch(operations, id)
    await reached(projector, await appendRuns(2))
    expect(await operations.rollback(operator(), 'executions')).toEqual({ generation: 1 })
    await reached(projector, await appendRuns(2))
    expect((await harness.readModels.executions.list({ limit: 50 })).items).toHaveLength(7)
    await eventually(() => log.events.some(({ type }) => type === 'RebuildRolledBack'))

    const next = await operations.rebuild(operator(), 'executions', { keepMs: 1 })
    await watch(operations, next.id)
    await eventually(async () => (await operations.findRebuild('executions', next.id)).state === 'completed')
    await expect(operations.rollback(operator(), 'executions')).rejects.toMatchObject({ code: 'nothing_to_roll_back' })
    const { rows } = await harness.pool.query('SELECT nspname FROM pg_namespace WHERE nspname LIKE $1', [
      `${harness.schemas.prefix}executions_g%`,
    ])
    expect(rows).toHaveLength(1)
  })

  it('of documents in MongoDB does the same by its pointer', async () => {
    const { projector, operations } = await begin([versionsProjection])
    const story = workflowStory()
    await reached(projector, (await append(log, story.events, { size: 3 })).position)
    const { id } = await operations.rebuild(operator(), 'versions')
    expect((await watch(operations, id)).at(-1)).toMatchObject({
      state: 'swapped',
      verification: { equal: true, rows: { versions: { before: 2, after: 2 } } },
    })
    const list = await harness.readModels.versions.list(story.workflowId, { limit: 5 })
    expect(list.items.map(({ published }) => published)).toEqual([true, false])
    expect(await operations.rollback(operator(), 'versions')).toEqual({ generation: 1 })

    await harness.mongo
      .db(harness.mongoNames.database)
      .collection(`${harness.mongoNames.prefix}versions_g1`)
      .updateOne({ version_number: 1 }, { $set: { label: 'forged' } })
    const again = await operations.rebuild(operator(), 'versions')
    expect((await watch(operations, again.id)).at(-1)).toMatchObject({
      state: 'failed',
      verification: { equal: false, differences: [{ table: 'versions', kind: 'different', columns: ['label'] }] },
    })
  })

  it('does not disturb a client that prepared its statements before the swap', async () => {
    const { projector, operations } = await begin([workflowsProjection])
    const story = workflowStory()
    await reached(projector, (await append(log, story.events)).position)
    const client = new pg.Client({ connectionString: stores.postgresUrl })
    await client.connect()
    try {
      const prepared = {
        name: 'drafts',
        text: `SELECT name, revision, settings FROM ${view('workflows')} WHERE id = $1`,
      }
      const before = await client.query({ ...prepared, values: [story.workflowId] })
      for (let swap = 0; swap < 2; swap += 1) {
        const { id } = await operations.rebuild(operator(), 'workflows')
        expect((await watch(operations, id)).at(-1)?.state).toBe('swapped')
        const after = await client.query({ ...prepared, values: [story.workflowId] })
        expect(after.rows).toEqual(before.rows)
      }
    } finally {
      await client.end()
    }
  })

  it('says how large it would be without doing anything', async () => {
    const { projector, operations } = await begin([executionsProjection, versionsProjection])
    await appendRuns(20)
    await reached(projector, (await append(log, workflowStory().events)).position)
    const estimate = await operations.dryRun('executions')
    // 20 runs of 7 events, each a row and six steps.
    expect(estimate).toMatchObject({ projection: 'executions', estimatedEvents: 140, rows: 140 })
    expect(estimate.bytes).toBeGreaterThan(8_192)
    const versions = await operations.dryRun('versions')
    expect(versions.rows).toBe(2)
    expect(versions.bytes).toBeGreaterThan(1_000)
    expect(await operations.rebuilds('executions')).toEqual([])
  })

  it('builds a new version of a projection beside the live one, and is not ready before', async () => {
    const first = harness.projector(log, [workflowsProjection])
    await first.start()
    const story = workflowStory()
    await reached(first, (await append(log, story.events)).position)
    await first.stop()

    const [workflows, ...others] = workflowsProjection.tables
    if (workflows === undefined) throw new Error('no table')
    const changed: Projection = {
      ...workflowsProjection,
      version: 2,
      tables: [
        {
          ...workflows,
          columns: { ...workflows.columns, shouted: { type: 'text', nullable: true, payload: false } },
          on: {
            ...workflows.on,
            WorkflowCreated: {
              evolve: (row, event) => ({
                ...workflows.on.WorkflowCreated?.evolve(row as never, event, ''),
                shouted: event.data.name.toUpperCase(),
              }),
            },
          },
        },
        ...others,
      ],
    }
    const operations = await harness.operations(log, [changed])
    expect((await operations.status('workflows')).ready).toBe(false)
    expect((await harness.readModels.workflows.find(story.workflowId))?.name).toBe('Orders')
    const generations = postgresGenerationStore(harness.pool, harness.schemas)
    await generations.activate({ projection: changed, generation: 1 })
    const before = await harness.pool.query(`SELECT name, shouted FROM ${view('workflows')}`)
    expect(before.rows).toEqual([{ name: 'Orders', shouted: null }])
    await harness.projector(log, [changed]).start()
    await eventually(async () => (await operations.status('workflows')).ready)
    const [rebuild] = await operations.rebuilds('workflows')
    expect(rebuild).toMatchObject({ generation: 2, verification: { equal: true, method: 'refold' } })
    const { rows } = await harness.pool.query(`SELECT name, shouted FROM ${view('workflows')}`)
    expect(rows).toEqual([{ name: 'Orders', shouted: 'ORDERS' }])
    await expect(operations.rollback(operator(), 'workflows')).rejects.toMatchObject({ code: 'rollback_other_version' })
  })
})
