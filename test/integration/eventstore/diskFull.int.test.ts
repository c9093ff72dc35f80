import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  binaryEvent,
  EventStoreDBClient,
  persistentSubscriptionToStreamSettingsFromDefaults as streamSettings,
} from '@eventstore/db-client'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { checkEventStore } from '../../../src/embedded/eventstore/operations/check.js'
import { type ChildServer, startChildServer } from '../../support/eventstore/childServer.js'
import { collect, numbered, rejection } from '../../support/eventstore/events.js'
import { connectTo, until } from '../../support/eventstore/groups.js'
import { newStream } from '../../support/eventstore/server.js'

let directory: string
let server: ChildServer | undefined
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'eventstore-'))
})
afterEach(async () => {
  await server?.kill()
  rmSync(directory, { recursive: true, force: true })
})

/** The largest file in KiB. The journal has 8 MiB and a block. */
const limits = [
  ['without room for a journal', 2_048],
  ['whose data file is full before its journal is', 9_216],
] as const

test.each(limits)(
  'a full disk %s fails the appends it has no room for, and leaves the store readable and whole',
  async (_, fileLimit) => {
    server = await startChildServer(directory, { fileLimit })
    const { port } = server
    const client = EventStoreDBClient.connectionString(server.connectionString)
    const stream = newStream()
    let written = 0
    let failure: Error | undefined
    while (!failure && written < 500) {
      const event = binaryEvent({ type: 'Block', data: new Uint8Array(50_000) })
      await client
        .appendToStream(stream, event, {
          expectedRevision: written === 0 ? 'no_stream' : BigInt(written - 1),
          credentials: { username: 'a', password: 'b' },
        })
        .then(
          () => written++,
          (error: Error) => {
            failure = error
          },
        )
    }
    expect(failure?.message).toContain('could not be written to disk')
    expect(written).toBeGreaterThan(5)
    const batch = client.appendToStream(newStream(), binaryEvent({ type: 'Block', data: new Uint8Array(1_000_000) }))
    expect((await rejection(batch)).message).toContain('could not be written to disk')
    expect(await collect(client.readStream(stream))).toHaveLength(written)

    await server.kill()
    server = await startChildServer(directory, { port })
    const again = EventStoreDBClient.connectionString(server.connectionString)
    expect(await collect(again.readStream(stream))).toHaveLength(written)
    const next = await again.appendToStream(stream, numbered(1), { expectedRevision: BigInt(written - 1) })
    expect(next.nextExpectedRevision).toBe(BigInt(written))
    await client.dispose()
    await again.dispose()
  },
  120_000,
)

test('a journal that cannot be written any more is left alone, and appends go on', async () => {
  server = await startChildServer(directory)
  await server.kill()
  // The second half of the journal lies beyond the limit, the data file stays below it.
  server = await startChildServer(directory, { fileLimit: 4_096 })
  const warnings: string[] = []
  server.process.stderr?.on('data', (chunk) => warnings.push(String(chunk)))
  const client = EventStoreDBClient.connectionString(server.connectionString)
  const stream = newStream()
  let written = 0
  const append = () => client.appendToStream(stream, numbered(1, 'Counted', written++))
  while (!warnings.join('').includes('is not used any more')) await append()
  for (let more = 0; more < 10; more++) await append()
  const shown = async (from: EventStoreDBClient) =>
    (await collect(from.readStream(stream))).map(({ event }) => (event!.data as { n: number }).n)
  expect(await shown(client)).toEqual(Array.from({ length: written }, (_, n) => n))
  await server.kill()
  server = await startChildServer(directory)
  const again = EventStoreDBClient.connectionString(server.connectionString)
  expect(await shown(again)).toEqual(Array.from({ length: written }, (_, n) => n))
  await client.dispose()
  await again.dispose()
  expect((await checkEventStore(directory)).problems).toEqual([])
}, 120_000)

test('a full disk takes no group away that is started anew, though its progress is not written', async () => {
  server = await startChildServer(directory, { fileLimit: 2_048 })
  const warnings: string[] = []
  server.process.stderr?.on('data', (chunk) => warnings.push(String(chunk)))
  const client = EventStoreDBClient.connectionString(server.connectionString)
  const stream = newStream()
  await client.appendToStream(stream, numbered(3))
  const settings = streamSettings({ startFrom: 'start', checkPointAfter: 3_600_000 })
  const groups = Array.from({ length: 20 }, (_, number) => `g${number}`)
  for (const group of groups) await client.createPersistentSubscriptionToStream(stream, group, settings)
  // All that is written at once fails together, so what is too large for the disk takes the progress along.
  const isWritten = () =>
    client.appendToStream(newStream(), binaryEvent({ type: 'Block', data: new Uint8Array(200_000) })).then(
      () => true,
      () => false,
    )
  while (await isWritten());
  let isOver = false
  const failing = Promise.all(
    Array.from({ length: 16 }, async () => {
      while (!isOver) await isWritten()
    }),
  )
  let unwritten: string | undefined
  for (const group of groups) {
    const { subscription, inbox } = connectTo(client, stream, group)
    await subscription.ack(...(await inbox.take(3)).map(({ resolved }) => resolved))
    await until(async () => (await client.getPersistentSubscriptionToStreamInfo(stream, group)).stats.totalItems === 3n)
    await client.restartPersistentSubscriptionSubsystem()
    if (warnings.join('').includes(`How far group ${group} on ${stream} has come could not be written down`)) {
      unwritten = group
      break
    }
  }
  isOver = true
  await failing
  expect(unwritten).toBeDefined()
  const listed = await client.listPersistentSubscriptionsToStream(stream)
  expect(listed.map(({ groupName }) => groupName).sort()).toEqual([...groups].sort())
  await client.dispose()
}, 120_000)
