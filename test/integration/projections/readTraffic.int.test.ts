import type { Pool } from 'pg'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { schemasNamed } from '../../../src/projections/postgres/names.js'
import { openPool } from '../../../src/projections/postgres/pool.js'
import { createReadTraffic, type ReadTraffic } from '../../../src/projections/progress/readTraffic.js'
import { type Ownership, openOwnership } from '../../../src/projections/runner/ownership.js'
import { eventually } from '../../support/projections/harness.js'
import { startTestStores, type TestStores } from '../../support/projections/stores.js'

const schemas = schemasNamed('reads_under_test')
const others = schemasNamed('reads_of_another_program')
let stores: TestStores
let pool: Pool
let ownership: Ownership
const heard: number[] = []
const requested: string[] = []
const running: ReadTraffic[] = []

beforeAll(async () => {
  stores = await startTestStores()
  pool = openPool({ connectionString: stores.postgresUrl, max: 2, name: 'readers under test' }, () => undefined)
  const listeners = { onReads: (reads: number) => heard.push(reads), onRequest: (name: string) => requested.push(name) }
  ownership = await openOwnership(stores.postgresUrl, schemas, listeners)
})
afterEach(() => {
  for (const traffic of running.splice(0)) traffic.stop()
})
afterAll(async () => {
  await ownership?.close()
  await pool?.end()
  await stores?.stop()
})

const readingProcess = (names = schemas) => {
  const traffic = createReadTraffic({ pool, schemas: names, log: () => undefined })
  running.push(traffic)
  return traffic
}
const reads = (traffic: ReadTraffic, count: number) => {
  for (let read = 0; read < count; read += 1) traffic.read()
}

it('tells whoever feeds the projections how much was read in any process, and only of this program', async () => {
  const [one, another, stranger, silent] = [
    readingProcess(),
    readingProcess(),
    readingProcess(others),
    readingProcess(),
  ]
  reads(one, 30)
  reads(another, 7)
  reads(stranger, 500)
  for (const traffic of [one, another, stranger, silent]) traffic.start()
  await eventually(() => heard.length >= 2)
  expect(heard.sort((a, b) => a - b)).toEqual([7, 30])
  reads(one, 1)
  await eventually(() => heard.length >= 3)
  // What was told is told once, and who has nothing to say says nothing.
  expect(heard.at(-1)).toBe(1)
  expect(requested).toEqual([])
})
