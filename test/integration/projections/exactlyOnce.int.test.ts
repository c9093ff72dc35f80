import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { decodeEvent } from '../../../src/domain/events/decodeEvent.js'
import { createInMemoryLog, type InMemoryLog } from '../../../src/eventlog/inMemory/inMemoryLog.js'
import { projections } from '../../../src/projections/definitions/index.js'
import { feedEvent } from '../../../src/projections/fold/decode.js'
import { plainFold } from '../../../src/projections/fold/plainFold.js'
import type { Projection } from '../../../src/projections/model/projection.js'
import { migrate } from '../../../src/projections/postgres/migrate.js'
import { createStores, type Stores } from '../../../src/projections/projector/stores.js'
import { compareRows } from '../../../src/projections/rebuild/refold.js'
import { createBatchWriter } from '../../../src/projections/runner/batchWriter.js'
import { type ReadModelStore, StoreUnavailable } from '../../../src/projections/store/projectionStore.js'
import { appendInterleaved, picksArbitrary, someStreams } from '../../support/projections/corpus.js'
import { failingMongo } from '../../support/projections/failingMongo.js'
import { type Harness, openHarness } from '../../support/projections/harness.js'
import { startTestStores, type TestStores } from '../../support/projections/stores.js'

let stores: TestStores
let harness: Harness
let log: InMemoryLog

beforeAll(async () => {
  stores = await startTestStores()
})
afterAll(() => stores.stop())
beforeEach(async () => {
  harness = await openHarness(stores)
  await migrate(harness.pool, harness.schemas)
  log = createInMemoryLog()
})
afterEach(() => harness.close())

const storesOver = (mongo = harness.mongo): Stores =>
  createStores({ ...harness, mongo, postgresUrl: stores.postgresUrl })

/** The process dies before or after some commits: what was sent may have been carried out or not. */
const dying = (store: ReadModelStore, crashes: readonly ('before' | 'after' | 'no')[]): ReadModelStore => {
  let commits = 0
  return {
    ...store,
    commit: async (commit) => {
      const crash = crashes[commits % crashes.length]
      commits += 1
      if (crash === 'before') throw new StoreUnavailable('killed before the commit')
      const result = await store.commit(commit)
      if (crash === 'after') throw new StoreUnavailable('killed after the commit')
      return result
    },
  }
}

/** Applies the log in batches of the given sizes, starting anew from the checkpoint after each crash. */
const applyAll = async (
  projection: Projection,
  generation: number,
  store: ReadModelStore,
  sizes: readonly number[],
) => {
  const events = log.events.filter(({ stream }) => projection.prefixes.some((prefix) => stream.startsWith(prefix)))
  const options = {
    store,
    ref: { projection, generation },
    streams: log,
    onPoison: 'stop' as const,
    announces: () => false,
  }
  let crashes = 0
  for (let batch = 0; ; ) {
    const writer = createBatchWriter(options)
    try {
      let position = await writer.open()
      for (;;) {
        const rest = events.filter((event) => position === null || event.position > position)
        const next = rest.slice(0, sizes[batch++ % sizes.length])
        const last = next.at(-1)
        if (last === undefined) return crashes
        await writer.apply(next.map(feedEvent), last.position)
        position = last.position
      }
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error
      crashes += 1
    }
  }
}

const expectPlainFold = async (projection: Projection, generation: number) => {
  const generations = storesOver().generations(projection)
  const events = log.events.map(decodeEvent)
  for (const table of projection.tables) {
    const mine = events.filter(({ stream }) => projection.prefixes.some((prefix) => stream.startsWith(prefix)))
    const expected = plainFold(table, mine)
    const owners = [...new Set(expected.map((row) => String(row[table.owner])))]
    const rows = owners.length === 0 ? [] : await generations.rowsOf({ projection, generation }, table, owners)
    expect(compareRows(table, expected, rows)).toEqual([])
    expect(await generations.sampleOwners({ projection, generation }, table, 1_000)).toHaveLength(owners.length)
  }
}

const sizesArbitrary = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 })

describe('whatever the batch sizes and the crashes, the rows are a plain fold of the log', () => {
  it('in PostgreSQL', async () => {
    let generation = 0
    const crashesArbitrary = fc.array(fc.constantFrom('no', 'no', 'before', 'after' as const), {
      minLength: 2,
      maxLength: 7,
    })
    await fc.assert(
      fc.asyncProperty(picksArbitrary, sizesArbitrary, crashesArbitrary, async (picks, sizes, crashes) => {
        log = createInMemoryLog()
        generation += 1
        await appendInterleaved(log, someStreams(), picks)
        for (const projection of projections.filter((each) => each.store === 'postgres')) {
          await storesOver()
            .generations(projection)
            .prepare({ projection, generation }, { indexed: generation % 2 === 0 })
          const store = storesOver().open(projection, 'test')
          try {
            await applyAll(projection, generation, dying(store, [...crashes, 'no'] as const), sizes)
          } finally {
            await store.close()
          }
          await expectPlainFold(projection, generation)
        }
      }),
      { numRuns: 6 },
    )
  })

  it('in MongoDB, where a crash can come between two documents and before the checkpoint', async () => {
    const [projection] = projections.filter((each) => each.store === 'mongo')
    if (projection === undefined) throw new Error('no projection in MongoDB')
    let generation = 0
    let crashed = 0
    await fc.assert(
      fc.asyncProperty(picksArbitrary, sizesArbitrary, fc.integer({ min: 2, max: 5 }), async (picks, sizes, every) => {
        log = createInMemoryLog()
        generation += 1
        await appendInterleaved(log, someStreams(), picks)
        await storesOver().generations(projection).prepare({ projection, generation }, { indexed: true })
        const store = storesOver(failingMongo(harness.mongo, every)).open(projection, 'test')
        crashed += await applyAll(projection, generation, store, sizes)
        await expectPlainFold(projection, generation)
      }),
      { numRuns: 15 },
    )
    expect(crashed).toBeGreaterThan(0)
  })
})
