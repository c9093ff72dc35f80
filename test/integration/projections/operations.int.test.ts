import { v7 as uuidv7 } from 'uuid'
import { describe, expect, it } from 'vitest'
import { activityProjection, activityTable } from '../../../src/projections/definitions/activity.js'
import { executionsProjection } from '../../../src/projections/definitions/executions.js'
import { versionsProjection } from '../../../src/projections/definitions/versions.js'
import { workflowsProjection } from '../../../src/projections/definitions/workflows.js'
import type { Projection, Row, Table } from '../../../src/projections/model/projection.js'
import { postgresGenerationStore } from '../../../src/projections/postgres/postgresGenerationStore.js'
import { append, pureRun, workflowStory } from '../../support/projections/events.js'
import { eventually, operator, reached, watch } from '../../support/projections/harness.js'
import { harness, log } from '../../support/projections/harnessOfEachTest.js'

const begin = async (only: readonly Projection[]) => {
  const projector = harness.projector(log, only)
  await projector.start()
  return { projector, operations: await harness.operations(log, only) }
}
const story = async () => (await append(log, workflowStory().events)).position
const control = (table: string) => `"${harness.schemas.control}"."${table}"`

describe('verification', () => {
  const tamperings = {
    postgres: async () => {
      const table = `"${harness.schemas.prefix}workflows_g1".nodes`
      const ids = (await harness.pool.query(`SELECT id FROM ${table} ORDER BY id`)).rows.map(({ id }) => id as string)
      const [changed, gone] = ids
      await harness.pool.query(`UPDATE ${table} SET key = 'forged' WHERE id = $1`, [changed])
      await harness.pool.query(`DELETE FROM ${table} WHERE id = $1`, [gone])
      const extra = uuidv7()
      await harness.pool.query(
        `INSERT INTO ${table} SELECT (json_populate_record(n, json_build_object('id', $1::text))).* FROM ${table} n WHERE id = $2`,
        [extra, changed],
      )
      return { table: 'nodes', column: 'key', changed, gone, extra }
    },
    mongo: async () => {
      const documents = harness.mongo
        .db(harness.mongoNames.database)
        .collection<{ _id: string }>(`${harness.mongoNames.prefix}versions_g1`)
      const [first, second] = await documents.find().toArray()
      if (first === undefined || second === undefined) throw new Error('two versions')
      await documents.updateOne({ _id: first._id }, { $set: { label: 'forged' } })
      await documents.deleteOne({ _id: second._id })
      const extra = uuidv7()
      await documents.insertOne({ ...second, _id: extra })
      return { table: 'versions', column: 'label', changed: first._id, gone: second._id, extra }
    },
  }

  it.each([
    ['postgres', workflowsProjection],
    ['mongo', versionsProjection],
  ] as const)('names what was changed, taken out and put in by hand, in %s', async (store, projection) => {
    const { projector, operations } = await begin([projection])
    await reached(projector, await story())
    const { table, column, changed, gone, extra } = await tamperings[store]()
    const { id } = await operations.rebuild(operator(), projection.name)
    const failed = (await watch(operations, id)).at(-1)
    const named = failed?.verification?.differences.filter((each) => each.table === table)
    expect(failed).toMatchObject({ state: 'failed', verification: { equal: false, method: 'generations' } })
    expect(named?.map(({ key, kind, columns }) => [key.id, kind, columns])).toEqual(
      expect.arrayContaining([
        [changed, 'different', [column]],
        // As seen from the new generation: it has a row that the live one lacks, and lacks one that the live one has.
        [gone, 'unexpected', undefined],
        [extra, 'missing', undefined],
      ]),
    )
    expect(named).toHaveLength(3)
    expect((await operations.status(projection.name)).generation).toBe(1)
    await eventually(() => log.events.some(({ type }) => type === 'RebuildFailed'))
    const verified = log.events.find(({ type }) => type === 'RebuildVerified')?.data as { report: unknown } | undefined
    expect(verified?.report).toMatchObject({ equal: false })

    // From the log, on a path of its own, it is the live rows that are wrong.
    const byHand = await operations.verify(projection.name)
    expect(byHand.differences.map(({ key, kind }) => [key.id, kind])).toEqual(
      expect.arrayContaining([
        [changed, 'different'],
        [gone, 'missing'],
        [extra, 'unexpected'],
      ]),
    )
  })

  it('of what was never built is refused, not an error', async () => {
    const { operations } = await begin([workflowsProjection])
    const others = await harness.operations(log, [executionsProjection])
    await expect(others.verify('executions')).rejects.toMatchObject({ code: 'nothing_to_verify', kind: 'conflict' })
    expect(await operations.verify('workflows')).toMatchObject({ equal: true, sampledStreams: 0 })
  })
})

describe('operators', () => {
  it('stand in the log with what they did to a rebuild, and why', async () => {
    const { projector, operations } = await begin([executionsProjection])
    await reached(projector, (await append(log, pureRun(uuidv7()))).position)
    const who = { ...operator(), actor: { kind: 'apiKey' as const, id: 'key-7', name: 'night shift' } }
    /** Begins one that can't come further than its beginning before it was asked for something. */
    const beginAndAsk = async (requested: 'pause' | 'cancel', reason: string) => {
      const client = await harness.pool.connect()
      await client.query('BEGIN')
      await client.query(`LOCK TABLE ${control('dead_letters')} IN ACCESS EXCLUSIVE MODE`)
      const { id } = await operations.rebuild(operator(), 'executions')
      const answer = operations[requested](who, 'executions', id, reason)
      // One that was not begun yet does as it is asked at once.
      const asked = `SELECT FROM ${control('rebuilds')} WHERE id = $1 AND (requested = $2 OR state = ANY ($3))`
      const askedOrDone = [id, requested, ['paused', 'cancelled']]
      await eventually(async () => (await client.query(asked, askedOrDone)).rowCount === 1)
      await client.query('COMMIT')
      client.release()
      return answer
    }
    const { id, state } = await beginAndAsk('pause', 'month-end closing')
    expect(state).toBe('paused')
    await operations.resume(who, 'executions', id)
    expect((await watch(operations, id)).at(-1)).toMatchObject({ state: 'swapped', swapMs: expect.any(Number) })
    const second = await beginAndAsk('cancel', 'wrong one')
    expect(second.state).toBe('cancelled')
    const written = () => log.events.filter(({ stream }) => stream === 'projection-executions')
    const typesOf = (rebuildId: string) =>
      written()
        .filter(({ data }) => (data as { rebuildId: string }).rebuildId === rebuildId)
        .map(({ type }) => type)
    await eventually(() => typesOf(id).length === 5)
    expect(typesOf(id)).toEqual([
      'RebuildStarted',
      'RebuildPaused',
      'RebuildResumed',
      'RebuildVerified',
      'RebuildSwapped',
    ])
    const [, pausedEvent, resumedEvent] = written()
    expect(pausedEvent).toMatchObject({
      data: { projection: 'executions', rebuildId: id, reason: 'month-end closing' },
      metadata: { actor: who.actor, $correlationId: who.correlationId },
    })
    expect(resumedEvent?.data).toEqual({ projection: 'executions', rebuildId: id })
    await eventually(() => typesOf(second.id).includes('RebuildCancelled'))
    expect(written().find(({ type }) => type === 'RebuildCancelled')?.data).toMatchObject({ reason: 'wrong one' })
  })

  it('can not cancel what readers see already, even where that was not recorded before a crash', async () => {
    const { projector, operations } = await begin([executionsProjection])
    await reached(projector, (await append(log, pureRun(uuidv7()))).position)
    const { id } = await operations.rebuild(operator(), 'executions')
    await watch(operations, id)
    await projector.stop()
    await harness.pool.query(
      `UPDATE ${control('rebuilds')} SET state = 'verifying', finished_at = NULL, requested = 'cancel' WHERE id = $1`,
      [id],
    )
    await harness.projector(log, [executionsProjection]).start()
    expect((await watch(operations, id)).at(-1)).toMatchObject({ state: 'swapped' })
    expect((await harness.readModels.executions.list({ limit: 5 })).items).toHaveLength(1)
    expect((await operations.status('executions')).generation).toBe(2)
  })

  it('rebuild several projections at once', async () => {
    const only = [workflowsProjection, versionsProjection, executionsProjection, activityProjection]
    const { projector, operations } = await begin(only)
    await append(log, pureRun(uuidv7()))
    await reached(projector, await story())
    const begun = []
    for (const { name } of only) begun.push(await operations.rebuild(operator(), name))
    const ended = await Promise.all(begun.map(async ({ id }) => (await watch(operations, id)).at(-1)))
    for (const each of ended) expect(each).toMatchObject({ state: 'swapped', verification: { equal: true } })
    await reached(projector, await story())
    expect((await harness.readModels.workflows.list({ limit: 9 })).items).toHaveLength(2)
  })
})

describe('the process whose lock is gone', () => {
  it('stops feeding while another one has it, and goes on when it gets it back', async () => {
    const { projector } = await begin([executionsProjection])
    const { position } = await append(log, pureRun(uuidv7()))
    await reached(projector, position)
    const client = await harness.pool.connect()
    try {
      // Between the two it may take the lock again, so until it is ours.
      const lock = async () =>
        (
          await client.query('SELECT pg_try_advisory_lock(hashtextextended($1, 7)) AS got', [
            `${harness.schemas.control} projection executions v1`,
          ])
        ).rows[0].got as boolean
      await eventually(async () => {
        await client.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'flowledger projector (owner)'`,
        )
        return lock()
      })
      await eventually(() => projector.status().length === 0)
      await append(log, pureRun(uuidv7()))
      const { rows } = await client.query(`SELECT position FROM ${control('checkpoints')}`)
      expect(rows).toEqual([{ position: String(position) }])
    } finally {
      await client.query('SELECT pg_advisory_unlock_all()')
      client.release()
    }
    await reached(projector, log.events.at(-1)?.position ?? 0n)
    expect((await harness.readModels.executions.list({ limit: 5 })).items).toHaveLength(2)
  })
})

describe('what an earlier program left', () => {
  it('gets the indexes that this one wants while it is fed, and no others', async () => {
    const older: Projection = {
      ...activityProjection,
      tables: [{ ...activityTable, indexes: [{ name: 'activity_by_time', columns: 'occurred_at' }] } as Table as never],
    }
    const before = harness.projector(log, [older])
    await before.start()
    await reached(before, await story())
    await before.stop()
    const { projector } = await begin([activityProjection])
    const indexes = async () =>
      (
        await harness.pool.query('SELECT indexname FROM pg_indexes WHERE schemaname = $1 ORDER BY indexname', [
          `${harness.schemas.prefix}activity_g1`,
        ])
      ).rows.map(({ indexname }) => indexname as string)
    const wanted = ['activity_pkey', ...activityTable.indexes.map(({ name }) => name)].sort()
    await eventually(async () => (await indexes()).join() === wanted.join())
    await reached(projector, await story())
  })

  it('of columns of other types is shown by views made anew, beside clients that have statements prepared', async () => {
    const { projector } = await begin([workflowsProjection])
    await reached(projector, await story())
    const client = await harness.pool.connect()
    try {
      const view = `"${harness.schemas.read}".workflows`
      const prepared = { name: 'names', text: `SELECT name FROM ${view}` }
      const list = () => harness.readModels.workflows.list({ limit: 5 })
      expect((await client.query(prepared)).rows).toEqual([{ name: 'Orders' }])
      const [first, ...others] = workflowsProjection.tables as readonly Table[]
      if (first === undefined) throw new Error('no table')
      const { description: _, ...columns } = first.columns
      const changed: Projection = {
        ...workflowsProjection,
        version: 2,
        tables: [
          {
            ...first,
            columns: {
              ...columns,
              revision: { type: 'bigint', nullable: false, payload: false },
              description: { type: 'text', nullable: true, payload: false },
            },
          },
          ...others,
        ],
      }
      const ref = { projection: changed, generation: 2 }
      const generations = postgresGenerationStore(harness.pool, harness.schemas)
      await generations.prepare(ref, { indexed: true })
      const { rows } = await client.query(`SELECT * FROM "${harness.schemas.prefix}workflows_g1".workflows`)
      const [row] = rows as Row[]
      const names = Object.keys(row ?? {}).map((name) => `"${name}"`)
      await client.query(
        `INSERT INTO "${harness.schemas.prefix}workflows_g2".workflows (${names}) SELECT ${names} FROM "${harness.schemas.prefix}workflows_g1".workflows`,
      )
      await client.query(
        `UPDATE ${control('checkpoints')} SET position = (SELECT max(position) FROM ${control('checkpoints')}) WHERE generation = 2`,
      )
      const before = await list()
      expect(await generations.activate(ref)).toMatchObject({ outcome: 'activated' })
      expect((await client.query(prepared)).rows).toEqual([{ name: 'Orders' }])
      expect((await list()).items.map(({ name }) => name)).toEqual(before.items.map(({ name }) => name))
      const types = await client.query(
        `SELECT data_type FROM information_schema.columns WHERE table_schema = $1 AND table_name = 'workflows' AND column_name = 'revision'`,
        [harness.schemas.read],
      )
      expect(types.rows).toEqual([{ data_type: 'bigint' }])
    } finally {
      client.release()
    }
  })
})

describe('the activity between two times', () => {
  it('comes in pages that miss nothing and repeat nothing', async () => {
    const { projector } = await begin([activityProjection])
    for (let index = 0; index < 3; index += 1) await story()
    await reached(projector, log.events.at(-1)?.position ?? 0n)
    const times = log.events.map(({ metadata }) => (metadata as { occurredAt: string }).occurredAt)
    const [from, to] = [times[4], times[25]]
    if (from === undefined || to === undefined) throw new Error('no times')
    const found: bigint[] = []
    let cursor: string | undefined
    do {
      const page = await harness.readModels.activity.list({ from, to, limit: 4, ...(cursor && { cursor }) })
      found.push(...page.items.map(({ position }) => position))
      cursor = page.nextCursor ?? undefined
    } while (cursor !== undefined)
    expect(found).toEqual(
      log.events
        .slice(4, 25)
        .map(({ position }) => position)
        .reverse(),
    )
    const newest = await harness.readModels.activity.list({ limit: 2 })
    await expect(
      harness.readModels.activity.list({ from, limit: 2, cursor: newest.nextCursor ?? '' }),
    ).rejects.toMatchObject({ code: 'invalid_cursor' })
  })
})
