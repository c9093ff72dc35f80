import { type AllStreamResolvedEvent, jsonEvent, START } from '@eventstore/db-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newStream, startTestServer, type TestServer } from '../../support/eventstore/server.js'

const EVENTS = 30_000
const BATCH = 500

let server: TestServer
beforeAll(async () => {
  // The file is mapped anew again and again, under readers and writers.
  server = await startTestServer({ mappedMemory: 0 })
})
afterAll(() => server.stop())

const positionsOf = (events: AllStreamResolvedEvent[]) => events.map(({ event }) => event!.position!.commit)

/** Far more than sockets and memory of the server hold for one subscriber. */
const writeAll = async (stream: string) => {
  const filling = 'x'.repeat(400)
  for (let from = 0; from < EVENTS; from += BATCH) {
    const events = Array.from({ length: BATCH }, (_, index) =>
      jsonEvent({ type: 'Load', data: { n: from + index, filling } }),
    )
    await server.client.appendToStream(stream, events)
  }
}

test('subscribers that pause while others write lose, double and reorder nothing, and catch up again', async () => {
  const { client } = server
  const stream = newStream()
  const all = client.subscribeToAll({ fromPosition: START }, { highWaterMark: 4 })
  const one = client.subscribeToStream(stream, {}, { highWaterMark: 4 })
  const received: { all: AllStreamResolvedEvent[]; one: number[]; numbers: unknown[] } = {
    all: [],
    one: [],
    numbers: [],
  }
  let caughtUp = 0
  all.on('caughtUp', () => caughtUp++)
  await new Promise((resolve) => all.once('caughtUp', () => resolve(undefined)))
  all.pause()
  one.pause()
  await writeAll(stream)
  all.on('data', (event) => received.all.push(event))
  const numberOf = (event: { data?: unknown } | undefined) => (event?.data as { n?: number } | undefined)?.n
  one.on('data', ({ event }) => {
    received.one.push(Number(event?.revision))
    received.numbers.push(numberOf(event))
  })
  all.resume()
  one.resume()
  const mine = () => received.all.filter(({ event }) => event?.streamId === stream)
  while (received.one.length < EVENTS || received.all.length < EVENTS)
    await new Promise((resolve) => setTimeout(resolve, 10))

  expect(received.one).toEqual(Array.from({ length: EVENTS }, (_, index) => index))
  expect(received.numbers).toEqual(received.one)
  expect(mine().map(({ event }) => Number(event?.revision))).toEqual(received.one)
  expect(mine().map(({ event }) => numberOf(event))).toEqual(received.one)
  const positions = positionsOf(received.all)
  expect(positions.every((position, index) => index === 0 || position > positions[index - 1]!)).toBe(true)
  while (caughtUp < 2) await new Promise((resolve) => setTimeout(resolve, 10))

  await client.appendToStream(stream, jsonEvent({ type: 'Last', data: { n: EVENTS } }))
  while (received.one.length <= EVENTS) await new Promise((resolve) => setTimeout(resolve, 10))
  expect(received.one.at(-1)).toBe(EVENTS)
  await all.unsubscribe()
  await one.unsubscribe()
})
