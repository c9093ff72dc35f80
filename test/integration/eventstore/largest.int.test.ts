import type { EventEmitter } from 'node:events'
import { BACKWARDS, binaryEvent, END } from '@eventstore/db-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MAX_NAME_SIZE } from '../../../src/embedded/eventstore/log/record.js'
import { checkEventStore } from '../../../src/embedded/eventstore/operations/check.js'
import { MAX_MESSAGE_SIZE } from '../../../src/embedded/eventstore/wire/messageAssembler.js'
import { collect } from '../../support/eventstore/events.js'
import { linkTo } from '../../support/eventstore/links.js'
import { startTestServer, type TestServer } from '../../support/eventstore/server.js'

let server: TestServer
beforeAll(async () => {
  // The file is mapped anew again and again, since a record of 16 MiB is read as a view of it.
  server = await startTestServer({ maxAppendSize: 2 * MAX_MESSAGE_SIZE, mappedMemory: 0 })
})
afterAll(() => server.stop())

const STREAM = 's'.repeat(MAX_NAME_SIZE)
/** Its message is nearly as large as one may be, and its record, which has the name of the stream too, above 16 MiB. */
const LARGEST = Buffer.alloc(MAX_MESSAGE_SIZE - 200, 'largest event ')

type Read = { event?: { streamId: string; data: unknown } | undefined }[]

const isWhole = (events: Read) => {
  const found = events.find(({ event }) => event?.streamId === STREAM)
  return LARGEST.equals(found?.event?.data as Uint8Array)
}

const followed = (subscription: EventEmitter & { unsubscribe(): Promise<void> }) =>
  new Promise<Read>((resolve, reject) => {
    const seen: Read = []
    subscription.on('error', reject)
    subscription.on('data', (event) => seen.push(event))
    subscription.on('caughtUp', () => subscription.unsubscribe().then(() => resolve(seen), reject))
  })

const readers: [string, () => Promise<Read>][] = [
  ['a read of the stream', () => collect(server.client.readStream(STREAM))],
  ['one backwards', () => collect(server.client.readStream(STREAM, { direction: BACKWARDS, fromRevision: END }))],
  ['a read of $all', () => collect(server.client.readAll())],
  ['one of $all backwards', () => collect(server.client.readAll({ direction: BACKWARDS, fromPosition: END }))],
  ['a read of a link to it', () => collect(server.client.readStream('links', { resolveLinkTos: true }))],
  ['a subscription to the stream', () => followed(server.client.subscribeToStream(STREAM))],
  ['one to $all', () => followed(server.client.subscribeToAll())],
]

test('the largest event of a stream with the longest name is written, and settled with others behind it', async () => {
  const credentials = { username: 'admin', password: 'changeit' }
  await server.client.appendToStream(STREAM, binaryEvent({ type: 'Large', data: LARGEST }), { credentials })
  await server.client.appendToStream('links', linkTo(STREAM, 0))
})

describe.each(['', ' after a restart'])('it is whole%s', (when) => {
  beforeAll(async () => {
    if (when !== '') await server.restart()
  })

  test.each(readers)('for %s', async (_, read) => {
    expect(isWhole(await read().catch(read))).toBe(true)
  })

  test('for a check', async () => {
    expect(await checkEventStore(server.directory)).toMatchObject({ events: 3, problems: [] })
  })
})
