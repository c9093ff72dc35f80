import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ReceivedEvent, readEventStream } from '../../support/http/readEventStream.js'
import { newDirectory, removeDirectory, startProgram } from '../../support/program.js'

const directory = newDirectory()
const key = `fl_${randomUUID()}_${'k'.repeat(43)}`
let program: Awaited<ReturnType<typeof startProgram>>

beforeAll(async () => {
  program = await startProgram({ DATA_DIR: join(directory, 'data'), API_KEY: key })
})

afterAll(async () => {
  await program?.stop()
  removeDirectory(directory)
})

it('tells how a rebuild goes on until it is swapped, and sends nobody who comes back through it again', async () => {
  const begun = await program.call<{ id: string }>('POST', '/v1/projections/activity/rebuild', {})
  const url = `${program.url}/v1/projections/activity/rebuilds/${begun.body.id}`
  const told: ReceivedEvent[] = []
  for await (const event of readEventStream(url, { 'X-API-Key': key })) told.push(event)
  expect(told.at(-1)).toMatchObject({ event: 'swapped', data: { state: 'swapped', verification: { equal: true } } })
  expect(told.map(({ id }) => id)).toEqual(told.map((_, index) => String(index + 1)))

  const headers = { 'X-API-Key': key, Accept: 'text/event-stream' }
  const back = await fetch(url, { headers: { ...headers, 'Last-Event-ID': told.at(-1)?.id ?? '' } })
  expect(back.status).toBe(204)
  const missing = await fetch(`${program.url}/v1/projections/activity/rebuilds/${randomUUID()}`, { headers })
  expect([missing.status, ((await missing.json()) as { code: string }).code]).toEqual([404, 'rebuild_not_found'])
})
