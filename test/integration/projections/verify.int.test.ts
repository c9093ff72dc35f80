import { v7 as uuidv7 } from 'uuid'
import { describe, expect, it } from 'vitest'
import { executionsProjection } from '../../../src/projections/definitions/executions.js'
import { versionsProjection } from '../../../src/projections/definitions/versions.js'
import type { Projection } from '../../../src/projections/model/projection.js'
import { mongoGenerationStore } from '../../../src/projections/mongo/mongoGenerationStore.js'
import { append, pureRun, workflowStory } from '../../support/projections/events.js'
import { reached } from '../../support/projections/harness.js'
import { harness, log } from '../../support/projections/harnessOfEachTest.js'

const begin = async (projection: Projection, position: () => Promise<bigint>) => {
  const projector = harness.projector(log, [projection])
  await projector.start()
  await reached(projector, await position())
  return harness.operations(log, [projection])
}

const appendRuns = async (): Promise<bigint> => {
  const workflowId = uuidv7()
  for (let run = 0; run < 6; run += 1) await append(log, pureRun(workflowId), { size: 4 })
  return log.events.at(-1)?.position ?? 0n
}

describe('a verification by sampled streams', () => {
  it('misses a row that is gone from one table only, by the rows of its stream in another', async () => {
    const operations = await begin(executionsProjection, appendRuns)
    const { rows } = await harness.pool.query<{ id: string }>(
      `DELETE FROM "${harness.schemas.prefix}executions_g1".executions
       WHERE id = (SELECT id FROM "${harness.schemas.read}".executions LIMIT 1) RETURNING id`,
    )
    expect(await operations.verify('executions')).toMatchObject({
      equal: false,
      differences: [{ table: 'executions', key: { id: rows[0]?.id }, kind: 'missing' }],
      sampledStreams: 6,
    })
  })

  it('looks at as many streams as it is asked to, in all tables together', async () => {
    const operations = await begin(executionsProjection, appendRuns)
    const { equal, sampledStreams, rows } = await operations.verify('executions', { streams: 4 })
    expect({ equal, sampledStreams, runs: rows.executions?.after }).toEqual({ equal: true, sampledStreams: 4, runs: 4 })
  })

  it('looks at others each time, in MongoDB too', async () => {
    await begin(versionsProjection, async () => {
      for (let workflow = 0; workflow < 12; workflow += 1) await append(log, workflowStory().events)
      return log.events.at(-1)?.position ?? 0n
    })
    const generations = mongoGenerationStore(harness.mongo, harness.mongoNames)
    const ref = { projection: versionsProjection, generation: 1 }
    const [table] = versionsProjection.tables
    if (table === undefined) throw new Error('a table')
    const drawn = new Set<string>()
    for (let draw = 0; draw < 20; draw += 1) {
      for (const owner of await generations.sampleOwners(ref, table, 3)) drawn.add(owner)
    }
    expect(drawn.size).toBeGreaterThan(3)
  })

  it('ends when nobody waits for it any more', async () => {
    const operations = await begin(executionsProjection, appendRuns)
    const verifying = operations.verify('executions', { signal: AbortSignal.abort() })
    await expect(verifying).rejects.toMatchObject({ name: 'AbortError' })
  })
})
