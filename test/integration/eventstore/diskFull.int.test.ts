import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { binaryEvent, EventStoreDBClient } from '@eventstore/db-client'
import { afterEach, expect, test } from 'vitest'
import { type ChildServer, startChildServer } from '../../support/eventstore/childServer.js'
import { collect, numbered, rejection } from '../../support/eventstore/events.js'
import { newStream } from '../../support/eventstore/server.js'

const directory = mkdtempSync(join(tmpdir(), 'eventstore-'))
let server: ChildServer | undefined
afterEach(async () => {
  await server?.kill()
  rmSync(directory, { recursive: true, force: true })
})

test('a full disk fails the appends it has no room for, and leaves the store readable and whole', async () => {
  server = await startChildServer(directory, { fileLimit: 2_048 })
  const { port } = server
  const client = EventStoreDBClient.connectionString(server.connectionString)
  const stream = newStream()
  let written = 0
  let failure: Error | undefined
  while (!failure && written < 200) {
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
})
