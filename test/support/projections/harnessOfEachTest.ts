import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { createInMemoryLog, type InMemoryLog } from '../../../src/eventlog/inMemory/inMemoryLog.js'
import { type Harness, openHarness } from './harness.js'
import { startTestStores, type TestStores } from './stores.js'

/** For a file that imports it: the stores of all its tests, and for each of them a harness and a log of its own. */
export let stores: TestStores
export let harness: Harness
export let log: InMemoryLog

beforeAll(async () => {
  stores = await startTestStores()
})
afterAll(() => stores.stop())
beforeEach(async () => {
  harness = await openHarness(stores)
  log = createInMemoryLog()
})
afterEach(() => harness.close())
