import type { ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { v7 as uuidv7 } from 'uuid'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { eventStoreDbFeed } from '../../../src/eventlog/eventStoreDb/eventStoreDbFeed.js'
import { eventStoreDbStore } from '../../../src/eventlog/eventStoreDb/eventStoreDbStore.js'
import { executionsProjection } from '../../../src/projections/definitions/executions.js'
import { versionsProjection } from '../../../src/projections/definitions/versions.js'
import type { RunningProjectionOperations } from '../../../src/projections/operations/createProjectionOperations.js'
import type { Rebuild, RebuildState } from '../../../src/projections/operations/projectionOperations.js'
import { startProjectorWorker } from '../../../src/projections/startProjectorWorker.js'
import { append, pureRun, workflowStory } from '../../support/projections/events.js'
import { openGate } from '../../support/projections/gate.js'
import { eventually, operator } from '../../support/projections/harness.js'
import { kill, startAskingProcess, startProjectorProcess } from '../../support/projections/processes.js'
import { openWorld, type World } from '../../support/projections/world.js'

/** One projection of either store; both are rebuilt at the same time. */
const names = ['executions', 'versions'] as const
const runs = 400
const stories = 30

let world: World
let operations: RunningProjectionOperations
let gate: Awaited<ReturnType<typeof openGate>>
let projector: ChildProcess | undefined

beforeAll(async () => {
  world = await openWorld()
  const store = eventStoreDbStore(world.client)
  const workflowId = uuidv7()
  await Promise.all(Array.from({ length: runs }, () => append(store, pureRun(workflowId))))
  await Promise.all(Array.from({ length: stories }, () => append(store, workflowStory().events)))
  projector = startProjectorProcess({ ...world.config, only: names })
  await world.tablesThere()
  const log = { ...eventStoreDbFeed(world.client), ...store }
  operations = await world.harness.operations(log, [executionsProjection, versionsProjection])
  await upToDate()
  gate = await openGate(world.config.postgresUrl, world.harness.schemas)
})

afterEach(async () => {
  await kill(projector)
})

afterAll(async () => {
  await kill(projector)
  await gate?.end()
  await world?.close()
})

const restart = async () => {
  await kill(projector)
  projector = startProjectorProcess({ ...world.config, only: names })
}

const upToDate = async () => {
  const head = await eventStoreDbFeed(world.client).head()
  for (const name of names)
    await eventually(async () => {
      const { position, state } = await operations.status(name)
      return ['live', 'paused'].includes(state) && position !== null && head !== null && position >= head
    })
}

const stateOf = async (name: string, id: string): Promise<RebuildState> =>
  (await operations.findRebuild(name, id)).state

const beginAll = async (): Promise<Rebuild[]> => {
  const begun: Rebuild[] = []
  for (const name of names) begun.push(await operations.rebuild(operator(), name, { keepMs: 60_000 }))
  return begun
}

const allSwapped = async (rebuilds: readonly Rebuild[]) => {
  for (const { projection, id } of rebuilds) {
    await eventually(async () => ['swapped', 'failed', 'completed'].includes(await stateOf(projection, id)))
    const rebuild = await operations.findRebuild(projection, id)
    expect(rebuild).toMatchObject({ error: null, progress: 1, verification: { equal: true } })
    expect(['swapped', 'completed']).toContain(rebuild.state)
    expect((await operations.status(projection)).generation).toBe(rebuild.generation)
  }
}

/** Counted, and checked against the log on a path of its own. */
const rowsAreRight = async () => {
  const { rows } = await world.harness.pool.query(
    `SELECT (SELECT count(*)::int FROM "${world.harness.schemas.read}".executions WHERE status = 'completed') AS runs,
      (SELECT count(*)::int FROM "${world.harness.schemas.read}".execution_steps) AS steps`,
  )
  expect(rows).toEqual([{ runs, steps: runs * 6 }])
  for (const name of names) {
    const verified = await operations.verify(name)
    expect(verified).toMatchObject({ equal: true })
    expect(verified.sampledStreams).toBeGreaterThan(0)
  }
  expect(await operations.dryRun('versions')).toMatchObject({ rows: stories * 2 })
}

const leaves = (state: RebuildState) => `OLD.state = '${state}' AND NEW.state <> '${state}'`
/** Where it is killed, the state that it is in there, and how many wait there: a rebuild of each store, or the one of PostgreSQL. */
const crossings = [
  ['preparing', 'rebuilds', leaves('preparing'), 2],
  ['replaying', 'rebuilds', leaves('replaying'), 2],
  [
    'replaying',
    'checkpoints',
    'NEW.generation = (SELECT max(generation) FROM CONTROL.generations) AND OLD.position IS NOT NULL',
    1,
  ],
  ['catching_up', 'rebuilds', leaves('catching_up'), 2],
  ['verifying', 'rebuilds', `OLD.state = 'verifying' AND OLD.verification IS NULL AND NEW.verification IS NOT NULL`, 2],
  // Readers see the new rows, and nothing says so yet.
  ['verifying', 'rebuilds', leaves('verifying'), 2],
] as const

it.each(crossings)(
  'killed while it is %s (%s, %s), both go on and end with what the log says',
  async (state, table, when, waiting) => {
    await restart()
    await upToDate()
    await gate.close({ table, when: when.replace('CONTROL', `"${world.harness.schemas.control}"`) })
    const begun = await beginAll()
    await eventually(async () => (await gate.waiting()) === waiting)
    if (table === 'rebuilds') for (const { projection, id } of begun) expect(await stateOf(projection, id)).toBe(state)
    await kill(projector)
    await gate.open()
    if (table === 'rebuilds') for (const { projection, id } of begun) expect(await stateOf(projection, id)).toBe(state)
    await restart()
    await allSwapped(begun)
    await rowsAreRight()
  },
)

it('killed again and again, each time further on, it never begins anew', async () => {
  await restart()
  await upToDate()
  const { control, prefix } = world.harness.schemas
  const rebuild = await operations.rebuild(operator(), 'executions', { keepMs: 60_000 })
  const { generation } = rebuild
  const ask = async <T>(text: string): Promise<T> => (await world.harness.pool.query(text)).rows[0]?.it as T
  const checkpoint = `SELECT position AS it FROM "${control}".checkpoints
    WHERE projection = 'executions' AND generation = ${generation}`
  const table = `SELECT to_regclass('"${prefix}executions_g${generation}".executions')::oid AS it`
  await kill(projector)
  let last = '0'
  let made: number | undefined
  for (let life = 0; life < 3; life += 1) {
    await gate.close({ table: 'checkpoints', when: `NEW.generation = ${generation} AND OLD.position > ${last}` })
    projector = startProjectorProcess({ ...world.config, only: names })
    await eventually(async () => (await gate.waiting()) === 1)
    expect(await stateOf('executions', rebuild.id)).toBe('replaying')
    await kill(projector)
    await gate.open()
    const position = await ask<string>(checkpoint)
    expect(BigInt(position)).toBeGreaterThan(BigInt(last))
    // The very table that the first life made.
    made ??= await ask<number>(table)
    expect(await ask<number>(table)).toBe(made)
    last = position
  }
  await gate.close({ table: 'rebuilds', when: leaves('catching_up') })
  projector = startProjectorProcess({ ...world.config, only: names })
  await eventually(async () => (await gate.waiting()) === 1)
  await kill(projector)
  await gate.open()
  expect(await stateOf('executions', rebuild.id)).toBe('catching_up')
  await restart()
  await allSwapped([rebuild])
  expect(await ask<number>(table)).toBe(made)
  await rowsAreRight()
}, 300_000)

it('killed after the swap, they can still be rolled back', async () => {
  await restart()
  const begun = await beginAll()
  await allSwapped(begun)
  await restart()
  await upToDate()
  for (const { projection, fromGeneration } of begun) {
    // The generation before was found again and is fed.
    expect(await operations.rollback(operator(), projection)).toEqual({ generation: fromGeneration })
  }
  await rowsAreRight()
})

it('killed while they are paused, they stay paused, and go on when they are resumed', async () => {
  await restart()
  await upToDate()
  await gate.close({ table: 'rebuilds', when: leaves('preparing') })
  const paused = await beginAll()
  await eventually(async () => (await gate.waiting()) === 2)
  const asked = paused.map(({ projection, id }) => operations.pause(operator(), projection, id))
  await gate.open()
  await Promise.all(asked)
  for (const { projection, id } of paused) await eventually(async () => (await stateOf(projection, id)) === 'paused')
  await restart()
  await upToDate()
  for (const { projection, id } of paused) {
    expect(await stateOf(projection, id)).toBe('paused')
    await operations.resume(operator(), projection, id)
  }
  await allSwapped(paused)
  await rowsAreRight()
})

it('two processes that ask for the same rebuild at the same time get one of it', async () => {
  await restart()
  await upToDate()
  const asking = [0, 1].map(() => startAskingProcess(world.config))
  const lines = asking.map((child) => createInterface({ input: child.stdout as never })[Symbol.asyncIterator]())
  for (const each of lines) expect((await each.next()).value).toBe('ready')
  for (const child of asking) child.stdin?.write('executions\n')
  const answers = (await Promise.all(lines.map((each) => each.next()))).map(({ value }) => JSON.parse(value as string))
  for (const child of asking) child.stdin?.end()
  const begun = answers.find(({ id }) => id !== undefined)
  expect(answers.find(({ code }) => code !== undefined)).toEqual({ code: 'rebuild_in_progress' })
  await allSwapped([await operations.findRebuild('executions', begun.id)])
  await rowsAreRight()
})

it('runs in a worker thread beside others that feed other projections', async () => {
  const failures: Error[] = []
  const worker = await startProjectorWorker(
    { ...world.config, only: ['workflows', 'activity'] },
    () => undefined,
    (error) => failures.push(error),
  )
  const { position } = await append(eventStoreDbStore(world.client), pureRun(uuidv7(), 1))
  await eventually(async () => {
    const status = await worker.status()
    return status.length === 2 && status.every((each) => (each.position ?? 0n) >= position)
  })
  expect((await world.harness.readModels.workflows.list({ limit: 100 })).items).toHaveLength(stories)
  await worker.stop()
  expect(failures).toEqual([])
})
