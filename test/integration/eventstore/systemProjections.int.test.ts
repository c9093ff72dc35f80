import { jsonEvent } from '@eventstore/db-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { collect, numbered, rejection } from '../../support/eventstore/events.js'
import { newStream, startTestServer, type TestServer } from '../../support/eventstore/server.js'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ systemProjections: ['$by_category', '$streams'] })
})
afterAll(() => server.stop())

const targets = async (stream: string, count: number): Promise<string[]> => {
  for (;;) {
    const events = await collect(server.client.readStream(stream, { resolveLinkTos: true })).catch(() => [])
    const found = events.map(({ event }) => `${event?.revision}@${event?.streamId}`)
    if (found.length >= count) return found
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

test('links the events of a category in their order', async () => {
  const { client } = server
  const category = newStream('cat').replaceAll('-', '')
  await client.appendToStream(`${category}-a`, numbered(2))
  await client.appendToStream(`${category}-b-c`, numbered(1))
  await client.appendToStream(`${category}-a`, numbered(1))
  expect(await targets(`$ce-${category}`, 4)).toEqual([
    `0@${category}-a`,
    `1@${category}-a`,
    `0@${category}-b-c`,
    `2@${category}-a`,
  ])
})

test('links the first event of each stream', async () => {
  const stream = newStream()
  await server.client.appendToStream(stream, numbered(2))
  while (!(await targets('$streams', 1)).includes(`0@${stream}`))
    await new Promise((resolve) => setTimeout(resolve, 10))
  expect(await targets('$streams', 1)).not.toContain(`1@${stream}`)
})

test('links what was there before it was switched on, and no event twice over restarts', async () => {
  const { client } = server
  const [first, second, correlated] = [newStream(), newStream(), newStream()]
  const type = `Type${first}`
  await client.appendToStream(first, numbered(3, type))
  await client.enableProjection('$by_event_type')
  expect(await targets(`$et-${type}`, 3)).toEqual([0, 1, 2].map((revision) => `${revision}@${first}`))
  await client.enableProjection('$by_correlation_id')
  await client.appendToStream(correlated, jsonEvent({ type: 'A', data: {}, metadata: { $correlationId: first } }))
  expect(await targets(`$bc-${first}`, 1)).toEqual([`0@${correlated}`])
  await server.restart()
  const append = () => client.appendToStream(second, numbered(1, type))
  await append().catch(append)
  expect(await targets(`$et-${type}`, 4)).toEqual([
    ...[0, 1, 2].map((revision) => `${revision}@${first}`),
    `0@${second}`,
  ])
})

test('tells what is switched on, and stops what is switched off', async () => {
  const { client } = server
  await client.enableProjection('$stream_by_category')
  expect((await client.getProjectionStatus('$stream_by_category')).status).toBe('Running')
  await client.disableProjection('$stream_by_category')
  expect((await client.getProjectionStatus('$stream_by_category')).status).toBe('Stopped')
  const names = (await client.listProjections()).map(({ name }) => name)
  expect(names).toContain('$by_category')
  expect(await rejection(client.enableProjection('mine'))).toMatchObject({ type: 'not-found' })
})

test('does not run JavaScript', async () => {
  const error = await rejection(server.client.createProjection('mine', 'fromAll()'))
  expect(error.message).toContain('UNIMPLEMENTED')
})
