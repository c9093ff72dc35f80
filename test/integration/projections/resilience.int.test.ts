import { v7 as uuidv7 } from 'uuid'
import { describe, expect, it } from 'vitest'
import { executionsProjection } from '../../../src/projections/definitions/executions.js'
import { versionsProjection } from '../../../src/projections/definitions/versions.js'
import { workflowsProjection } from '../../../src/projections/definitions/workflows.js'
import { createProjectionProgress } from '../../../src/projections/progress/projectionProgress.js'
import { append, envelope, pureRun, workflowStory } from '../../support/projections/events.js'
import { switchable } from '../../support/projections/flakyFeed.js'
import { eventually, operator, reached, watch } from '../../support/projections/harness.js'
import { harness, log, stores } from '../../support/projections/harnessOfEachTest.js'

const workflowId = uuidv7()

/** A workflow whose second event changes a node that is not there. */
const appendPoisoned = async () => {
  const { workflowId: id, events } = workflowStory()
  const [stream, [created, ...rest]] = events
  if (created === undefined) throw new Error('no event')
  const poison = envelope({ type: 'NodeRenamed', data: { nodeId: uuidv7(), key: 'ghost' } })
  await log.append(stream, [envelope(created)], 'none')
  const { position } = await log.append(stream, [poison], 0)
  const last = await log.append(
    stream,
    rest.map((event) => envelope(event)),
    1,
  )
  return { id, position, last: last.position, held: rest.length }
}

describe('an event that can not be applied', () => {
  it('is put aside with all that follows in its stream, while other streams go on, until an operator discards it', async () => {
    const projector = harness.projector(log, [workflowsProjection])
    await projector.start()
    const operations = await harness.operations(log, [workflowsProjection])
    const poisoned = await appendPoisoned()
    const other = workflowStory()
    await reached(projector, (await append(log, other.events)).position)
    expect((await harness.readModels.workflows.find(other.workflowId))?.revision).toBe(9)
    expect(await harness.readModels.workflows.find(poisoned.id)).toMatchObject({ revision: 0, nodes: [] })
    const [letter] = await operations.deadLetters('workflows')
    expect(letter).toMatchObject({
      position: String(poisoned.position),
      type: 'NodeRenamed',
      held: poisoned.held,
      requested: null,
    })
    expect(letter?.reason).toContain('changes a row that is not there')

    const position = String(poisoned.position)
    await expect(operations.retry(operator(), 'workflows', position, 'try')).rejects.toMatchObject({
      code: 'dead_letter_not_applied',
    })
    await operations.discard(operator(), 'workflows', position, 'a bug wrote it')
    expect(await operations.deadLetters('workflows')).toEqual([])
    expect(await harness.readModels.workflows.find(poisoned.id)).toMatchObject({ revision: 10, status: 'published' })
    await eventually(() => log.events.some(({ type }) => type === 'DeadLetterDiscarded'))
    await expect(operations.retry(operator(), 'workflows', position, 'again')).rejects.toMatchObject({
      code: 'dead_letter_not_found',
    })
  })

  it('that the store refuses is found in its batch and put aside alone', async () => {
    const projector = harness.projector(log, [executionsProjection])
    await projector.start()
    const operations = await harness.operations(log, [executionsProjection])
    const [stream, events] = pureRun(workflowId)
    const started = envelope(events[0] as never)
    const { position } = await log.append(
      stream,
      [
        { ...started, metadata: { ...(started.metadata as object), occurredAt: 'some time' } },
        ...events.slice(1).map((event) => envelope(event)),
      ],
      'none',
    )
    const fine = pureRun(workflowId)
    await reached(projector, (await append(log, fine)).position)
    expect((await harness.readModels.executions.list({ limit: 5 })).items).toHaveLength(1)
    expect(await operations.deadLetters('executions')).toMatchObject([{ type: 'ExecutionStarted', stream, held: 6 }])
    expect(position).toBe(7n)
  })

  it('stops a rebuild, which says which event it is', async () => {
    const projector = harness.projector(log, [workflowsProjection])
    await projector.start()
    const operations = await harness.operations(log, [workflowsProjection])
    const poisoned = await appendPoisoned()
    await reached(projector, poisoned.last)
    const { id } = await operations.rebuild(operator(), 'workflows')
    const failed = (await watch(operations, id)).at(-1)
    expect(failed?.state).toBe('failed')
    expect(failed?.error).toContain(`position ${poisoned.position}`)
    expect((await operations.status('workflows')).generation).toBe(1)
  })
})

describe('the checkpoint', () => {
  it('that is not there means fully behind, whatever the rows hold', async () => {
    const projector = harness.projector(log, [executionsProjection])
    await projector.start()
    const { position } = await append(log, pureRun(workflowId))
    await reached(projector, position)
    await projector.stop()
    await harness.pool.query(`DELETE FROM "${harness.schemas.control}".checkpoints`)
    const progress = createProjectionProgress({
      ...harness,
      postgresUrl: stores.postgresUrl,
      projections: [executionsProjection],
      log: (line) => harness.lines.push(line),
    })
    await progress.start()
    try {
      expect(await progress.waitFor('executions', 1n, 30)).toEqual({ reached: false, position: null })
      const operations = await harness.operations(log, [executionsProjection])
      expect(await operations.status('executions')).toMatchObject({ position: null })
    } finally {
      await progress.stop()
    }
  })

  it('of a projection that nothing happens for still follows the log', async () => {
    const projector = harness.projector(log)
    await projector.start()
    const { position } = await append(log, pureRun(workflowId))
    await reached(projector, position)
    expect(projector.status().map(({ projection }) => projection)).toHaveLength(7)
    const { rows } = await harness.pool.query(
      `SELECT count(*)::int AS there FROM "${harness.schemas.control}".checkpoints WHERE position = $1`,
      [position],
    )
    expect(rows).toEqual([{ there: 6 }])
  })

  it('can be waited for, in either store, and across a swap', async () => {
    const only = [workflowsProjection, versionsProjection]
    const projector = harness.projector(log, only)
    await projector.start()
    const progress = createProjectionProgress({
      ...harness,
      postgresUrl: stores.postgresUrl,
      projections: only,
      log: (line) => harness.lines.push(line),
    })
    await progress.start()
    try {
      const { position } = await append(log, workflowStory().events)
      for (const { name } of only) {
        expect(await progress.waitFor(name, position, 10_000)).toEqual({ reached: true, position })
      }
      expect(await progress.waitFor('workflows', position + 1n, 30)).toEqual({ reached: false, position })
      const operations = await harness.operations(log, only)
      const { id } = await operations.rebuild(operator(), 'workflows')
      const waited = progress.waitFor('workflows', position + 11n, 20_000)
      await watch(operations, id)
      await append(log, workflowStory().events)
      expect(await waited).toMatchObject({ reached: true })
    } finally {
      await progress.stop()
    }
  })
})

describe('a projector', () => {
  it('goes on where it was when the log went away and came back', async () => {
    const { feed, leave, comeBack } = switchable(log)
    const projector = harness.projector(feed, [executionsProjection])
    await projector.start()
    await reached(projector, (await append(log, pureRun(workflowId))).position)
    leave()
    const { position } = await append(log, pureRun(workflowId))
    await eventually(() => projector.status()[0]?.state === 'stalled')
    expect(projector.status()[0]?.reconnects).toBeGreaterThan(0)
    comeBack()
    await reached(projector, position)
    expect((await harness.readModels.executions.list({ limit: 5 })).items).toHaveLength(2)
    await eventually(() => projector.status()[0]?.state === 'live')
  })

  it('waits as long as another one feeds the projection, and takes over when that one loses its connection', async () => {
    const first = harness.projector(log, [executionsProjection])
    const second = harness.projector(log, [executionsProjection])
    await first.start()
    await second.start()
    await reached(first, (await append(log, pureRun(workflowId))).position)
    expect(second.status()).toEqual([])
    await first.stop()
    const { position } = await append(log, pureRun(workflowId))
    await reached(second, position)

    // Its connections break, with the locks that hang on them; it takes them again.
    const { rowCount } = await harness.pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()
       AND application_name IN ('flowledger projector (owner)', 'flowledger executions (generation 1)')`,
    )
    expect(rowCount).toBeGreaterThanOrEqual(2)
    const after = await append(log, pureRun(workflowId))
    await reached(second, after.position)
    expect((await harness.readModels.executions.list({ limit: 5 })).items).toHaveLength(3)
  })

  it('stops when somebody else moved its checkpoint, and begins again from there', async () => {
    const projector = harness.projector(log, [executionsProjection])
    await projector.start()
    await reached(projector, (await append(log, pureRun(workflowId))).position)
    // As if another process had applied a run that this one is about to see.
    await harness.pool.query(`UPDATE "${harness.schemas.control}".checkpoints SET position = 14`)
    await append(log, pureRun(workflowId))
    const { position } = await append(log, pureRun(workflowId))
    await reached(projector, position)
    expect((await harness.readModels.executions.list({ limit: 5 })).items).toHaveLength(2)
    expect(harness.lines.join()).toContain('was moved by somebody else')
  })

  it('does not let a projection whose rows are locked hold up the others', async () => {
    const projector = harness.projector(log, [executionsProjection, workflowsProjection])
    await projector.start()
    await reached(projector, (await append(log, pureRun(workflowId))).position)
    const client = await harness.pool.connect()
    try {
      await client.query('BEGIN')
      await client.query(`LOCK TABLE "${harness.schemas.prefix}executions_g1".executions IN ACCESS EXCLUSIVE MODE`)
      for (let index = 0; index < 800; index += 1) await append(log, pureRun(workflowId))
      const { position } = await append(log, workflowStory().events)
      await eventually(
        () => (projector.status().find((each) => each.projection === 'workflows')?.position ?? 0n) >= position,
      )
      expect(projector.status().find((each) => each.projection === 'executions')?.position).toBe(7n)
    } finally {
      await client.query('ROLLBACK')
      client.release()
    }
    await reached(projector, log.events.at(-1)?.position ?? 0n)
    const { rows } = await harness.pool.query(`SELECT count(*)::int AS runs FROM "${harness.schemas.read}".executions`)
    expect(rows).toEqual([{ runs: 801 }])
  })
})
