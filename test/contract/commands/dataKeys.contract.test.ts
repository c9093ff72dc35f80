import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { v7 as uuid } from 'uuid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DataKeyStore, WrappedDataKey } from '../../../src/commands/secrets/dataKeys.js'
import { migrateDataKeys, postgresDataKeys } from '../../../src/commands/secrets/postgresDataKeys.js'
import { startEmbeddedPostgres } from '../../../src/embedded/postgres/index.js'
import { openPool } from '../../../src/projections/postgres/pool.js'
import { createMemoryDataKeys } from '../../support/commands/memoryDataKeys.js'

interface Adapter {
  name: string
  start(): Promise<{ store: DataKeyStore; stop(): Promise<void> }>
}

const overPostgres = async (connectionString: string) => {
  const pool = openPool({ connectionString, max: 4, name: 'test' }, () => undefined)
  // As several processes that start at once, and again at every later start.
  await Promise.all([migrateDataKeys(pool), migrateDataKeys(pool), migrateDataKeys(pool)])
  await migrateDataKeys(pool)
  return { store: postgresDataKeys(pool), end: () => pool.end() }
}

const embedded: Adapter = {
  name: 'embedded PostgreSQL',
  start: async () => {
    const directory = await mkdtemp(join(tmpdir(), 'flowledger-keys-'))
    const postgres = await startEmbeddedPostgres({ directory })
    const { store, end } = await overPostgres(postgres.connectionString)
    const stop = async () => {
      await end()
      await postgres.stop()
      await rm(directory, { recursive: true, force: true })
    }
    return { store, stop }
  },
}

const real = (url: string): Adapter => ({
  name: 'PostgreSQL',
  start: async () => {
    const { store, end } = await overPostgres(url)
    return { store, stop: end }
  },
})

const adapters: Adapter[] = [
  { name: 'in memory', start: async () => ({ store: createMemoryDataKeys(), stop: async () => {} }) },
  embedded,
  ...(process.env.TEST_POSTGRES_URL === undefined ? [] : [real(process.env.TEST_POSTGRES_URL)]),
]

const keyOf = (workflowId: string, masterKeyId = 'one'): WrappedDataKey => ({
  ...{ id: uuid(), workflowId, masterKeyId },
  ...{ iv: randomBytes(12), tag: randomBytes(16), ciphertext: randomBytes(32) },
})

describe.each(adapters)('the store of data keys ($name)', ({ start }) => {
  let store: DataKeyStore
  let stop: () => Promise<void>

  beforeAll(async () => {
    const started = await start()
    store = started.store
    stop = started.stop
  })
  afterAll(() => stop?.())

  const ours = async (workflowIds: readonly string[]): Promise<WrappedDataKey[]> => {
    const all: WrappedDataKey[] = []
    for await (const key of store.list()) if (workflowIds.includes(key.workflowId)) all.push(key)
    return all
  }

  it('keeps a key as it is', async () => {
    const key = keyOf(uuid())
    expect(await store.insert(key)).toEqual(key)
    expect(await store.find(key.workflowId)).toEqual(key)
    expect(await store.find(uuid())).toBeUndefined()
  })

  it('keeps the first key of a workflow, however many come at once', async () => {
    const workflowId = uuid()
    const kept = await Promise.all(Array.from({ length: 8 }, () => store.insert(keyOf(workflowId))))
    expect(new Set(kept.map(({ id }) => id)).size).toBe(1)
    expect(await store.find(workflowId)).toEqual(kept[0])
  })

  it('replaces the wrapping of the master key that is expected, and of no other', async () => {
    const key = keyOf(uuid(), 'one')
    await store.insert(key)
    const anew = { ...keyOf(key.workflowId, 'two'), id: key.id }
    expect(await store.rewrap(anew, 'zero')).toBe(false)
    expect(await store.find(key.workflowId)).toEqual(key)
    expect(await store.rewrap(anew, 'one')).toBe(true)
    expect(await store.find(key.workflowId)).toEqual(anew)
    expect(await store.rewrap(anew, 'one')).toBe(false)
  })

  it('forgets a key for good', async () => {
    const key = keyOf(uuid())
    await store.insert(key)
    expect(await store.delete(key.workflowId)).toBe(true)
    expect(await store.delete(key.workflowId)).toBe(false)
    expect(await store.find(key.workflowId)).toBeUndefined()
    const next = keyOf(key.workflowId)
    expect(await store.insert(next)).toEqual(next)
  })

  it('lists all of them, over many pages', async () => {
    const keys = Array.from({ length: 1_001 }, () => keyOf(uuid()))
    for (let index = 0; index < keys.length; index += 100) {
      await Promise.all(keys.slice(index, index + 100).map((key) => store.insert(key)))
    }
    const listed = await ours(keys.map(({ workflowId }) => workflowId))
    expect(listed.map(({ id }) => id)).toEqual(keys.map(({ id }) => id).sort())
  })

  it('counts those that none of some master keys has wrapped', async () => {
    const [first, second] = [uuid(), uuid()]
    await store.insert(keyOf(uuid(), first))
    await store.insert(keyOf(uuid(), second))
    const others = await store.countOthers([])
    expect(await store.countOthers([first])).toBe(others - 1)
    expect(await store.countOthers([first, second])).toBe(others - 2)
  })
})
