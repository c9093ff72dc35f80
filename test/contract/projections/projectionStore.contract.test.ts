import { v7 as uuidv7 } from 'uuid'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { integer, nullable, payload, text, uuid } from '../../../src/projections/model/columns.js'
import type { Projection, Row, Table } from '../../../src/projections/model/projection.js'
import { migrate } from '../../../src/projections/postgres/migrate.js'
import { createStores } from '../../../src/projections/projector/stores.js'
import {
  type Commit,
  type GenerationStore,
  noDeadLetterChanges,
  type ReadModelStore,
  StoreUnavailable,
} from '../../../src/projections/store/projectionStore.js'
import { type Harness, openHarness } from '../../support/projections/harness.js'
import { startTestStores, type TestStores } from '../../support/projections/stores.js'

type ThingRow = { owner_id: string; id: string; name: string; note: string | null; body: unknown; revision: number }

const things: Table<ThingRow> = {
  name: 'things',
  owner: 'owner_id',
  local: 'id',
  columns: { owner_id: uuid, id: uuid, name: text, note: nullable(text), body: payload, revision: integer },
  indexes: [{ name: 'things_by_name', columns: 'name, revision DESC' }],
  on: {},
}

let stores: TestStores
let harness: Harness

beforeAll(async () => {
  stores = await startTestStores()
})
afterAll(() => stores.stop())

describe.each(['postgres', 'mongo'] as const)('a projection store in %s', (kind) => {
  const projection: Projection = { name: 'things', version: 1, store: kind, prefixes: ['workflow-'], tables: [things] }
  const ref = { projection, generation: 1 }
  let store: ReadModelStore
  let generations: GenerationStore
  const owner = uuidv7()

  beforeEach(async () => {
    harness = await openHarness(stores)
    await migrate(harness.pool, harness.schemas)
    const adapters = createStores({ ...harness, postgresUrl: stores.postgresUrl })
    store = adapters.open(projection, 'test')
    generations = adapters.generations(projection)
    await generations.prepare(ref, { indexed: true })
  })
  afterEach(async () => {
    await store.close()
    await harness.close()
  })

  const row = (id: string, revision: number, more: Partial<ThingRow> = {}): ThingRow => ({
    owner_id: owner,
    id,
    name: 'thing "one" \\ {a,b}',
    note: null,
    body: undefined,
    revision,
    ...more,
  })
  const commitOf = (
    from: bigint | null,
    to: bigint,
    inserts: Row[],
    { updates = [], deletes = [] }: { updates?: Row[]; deletes?: Row[] } = {},
    more: Partial<Commit> = {},
  ): Commit => ({
    ref,
    from,
    to,
    changes: [{ table: things as Table, index: 0, inserts, updates, deletes }],
    deadLetters: noDeadLetterChanges,
    announce: false,
    ...more,
  })
  const all = () => generations.rowsOf(ref, things as Table, [owner])

  it('has no checkpoint before a generation is prepared, and an empty one after', async () => {
    expect(await store.checkpoint({ projection, generation: 9 })).toBeUndefined()
    expect(await store.checkpoint(ref)).toEqual({ position: null })
  })

  it('writes, changes and deletes rows together with the checkpoint', async () => {
    const [a, b] = [uuidv7(), uuidv7()]
    const position = 2n ** 60n + 1n
    await store.commit(commitOf(null, position, [row(a, 0), row(b, 1)]))
    expect(await store.checkpoint(ref)).toEqual({ position })
    await store.commit(
      commitOf(position, position + 1n, [], {
        updates: [row(a, 2, { note: 'ä\n\t💡', name: 'NULL' })],
        deletes: [row(b, 1)],
      }),
    )
    expect(await all()).toMatchObject([{ id: a, note: 'ä\n\t💡', name: 'NULL', revision: 2 }])
  })

  it('keeps a payload that later changes do not set, and does not load it', async () => {
    const id = uuidv7()
    const body = { deep: [1, { text: '"\\\n', nothing: null }], __order: { b: 1, a: 2 } }
    await store.commit(commitOf(null, 1n, [row(id, 0, { body })]))
    const [loaded] = (
      await store.load(ref, [{ table: things as Table, index: 0, owners: [], keys: [[owner, id]] }])
    ).flat()
    expect(loaded?.body).toBeUndefined()
    await store.commit(commitOf(1n, 2n, [], { updates: [{ ...loaded, name: 'other', revision: 1 }] }))
    expect(await all()).toMatchObject([{ id, name: 'other', body }])
  })

  it('loads rows by their keys and all of a stream', async () => {
    const [a, b] = [uuidv7(), uuidv7()]
    await store.commit(commitOf(null, 1n, [row(a, 0), row(b, 1), row(uuidv7(), 2, { owner_id: uuidv7() })]))
    const request = { table: things as Table, index: 0 }
    const [byKey, byOwner, nobody] = await store.load(ref, [
      {
        ...request,
        owners: [],
        keys: [
          [owner, b],
          [owner, uuidv7()],
        ],
      },
      { ...request, owners: [owner], keys: [] },
      { ...request, owners: [uuidv7()], keys: [] },
    ])
    expect(byKey?.map(({ id }) => id)).toEqual([b])
    expect(byOwner?.map(({ id }) => id).sort()).toEqual([a, b].sort())
    expect(nobody).toEqual([])
  })

  it('refuses a commit that was built on another checkpoint, and writes nothing of it', async () => {
    await store.commit(commitOf(null, 5n, [row(uuidv7(), 0)]))
    expect(await store.commit(commitOf(null, 9n, [row(uuidv7(), 1)]))).toMatchObject({ outcome: 'lost' })
    expect(await store.commit(commitOf(4n, 9n, [row(uuidv7(), 1)]))).toMatchObject({ outcome: 'lost' })
    expect(await store.checkpoint(ref)).toEqual({ position: 5n })
    expect(await all()).toHaveLength(1)
  })

  it('keeps dead letters and counts what is held behind them', async () => {
    const letter = {
      stream: 'workflow-1',
      position: 7n,
      revision: 3,
      eventId: uuidv7(),
      type: 'NodeMoved',
      reason: 'no node',
    }
    await store.commit(
      commitOf(null, 7n, [], {}, { deadLetters: { add: [letter], remove: [], held: new Map([['workflow-1', 2]]) } }),
    )
    await store.commit(
      commitOf(7n, 8n, [], {}, { deadLetters: { add: [], remove: [], held: new Map([['workflow-1', 3]]) } }),
    )
    expect(await store.deadLetters(ref)).toMatchObject([{ ...letter, held: 5 }])
    await store.commit(commitOf(8n, 9n, [], {}, { deadLetters: { add: [], remove: ['workflow-1'], held: new Map() } }))
    expect(await store.deadLetters(ref)).toEqual([])
  })

  it('shows readers one generation at a time, never one that is behind', async () => {
    expect(await generations.activate(ref)).toMatchObject({ outcome: 'activated' })
    await store.commit(commitOf(null, 5n, [row(uuidv7(), 0)]))
    const next = { projection, generation: 2 }
    await generations.prepare(next, { indexed: false })
    await generations.finish(next)
    await generations.finish(next)
    expect(await generations.activate(next)).toEqual({ outcome: 'behind' })
    await store.commit(commitOf(null, 5n, [], {}, { ref: next }))
    expect(await generations.activate(next)).toEqual({ outcome: 'activated', lockedMs: expect.any(Number) })
    expect(
      (await generations.list(projection)).map(({ generation, state, position }) => [generation, state, position]),
    ).toEqual([
      [1, 'kept', 5n],
      [2, 'active', 5n],
    ])
    await generations.drop(ref)
    expect((await generations.list(projection)).map(({ generation }) => generation)).toEqual([2])
  })

  it('names the rows that two generations do not agree on', async () => {
    const [same, changed, gone, extra] = [uuidv7(), uuidv7(), uuidv7(), uuidv7()]
    const next = { projection, generation: 2 }
    await generations.prepare(next, { indexed: false })
    await store.commit(commitOf(null, 5n, [row(same, 0), row(changed, 0), row(gone, 0)]))
    await store.commit(
      commitOf(null, 5n, [row(same, 0), row(changed, 0, { note: 'x' }), row(extra, 0)], {}, { ref: next }),
    )
    let resumed = 0
    const { tables } = await generations.compare(ref, next, () => {
      resumed += 1
    })
    expect(resumed).toBe(1)
    expect(tables).toMatchObject([{ table: 'things', before: 3, after: 3 }])
    const found = tables[0]?.differences.map(({ key, kind, columns }) => [key.id, kind, columns])
    expect(found).toHaveLength(3)
    expect(found).toEqual(
      expect.arrayContaining([
        [changed, 'different', ['note']],
        [gone, 'missing', undefined],
        [extra, 'unexpected', undefined],
      ]),
    )
  })

  it('says that it is unavailable when its generation can not be reached', async () => {
    if (kind === 'mongo') await harness.mongo.close()
    else await generations.drop(ref)
    const request = { table: things as Table, index: 0, owners: [owner], keys: [] }
    await expect(store.load(ref, [request])).rejects.toBeInstanceOf(StoreUnavailable)
  })
})
