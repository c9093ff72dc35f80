import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EventStoreDBClient } from '@eventstore/db-client'
import { open } from 'lmdb'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startEmbeddedEventStore } from '../../../src/embedded/eventstore/index.js'
import { newestMeta } from '../../../src/embedded/eventstore/log/dataFile.js'
import { checkEventStore } from '../../../src/embedded/eventstore/operations/check.js'
import { startChildServer } from '../../support/eventstore/childServer.js'
import { collect, numbered, rejection } from '../../support/eventstore/events.js'
import { newStream, startTestServer } from '../../support/eventstore/server.js'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'eventstore-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const start = (options = {}) => startEmbeddedEventStore({ directory, ...options })

test('keeps everything over a restart, and the same client goes on', async () => {
  const server = await startTestServer({ directory })
  const stream = newStream()
  const { position } = await server.client.appendToStream(stream, numbered(3))
  await server.client.setStreamMetadata(stream, { maxCount: 2 })
  await server.restart()
  const again = async (): Promise<bigint> => {
    try {
      return (await server.client.appendToStream(stream, numbered(1), { expectedRevision: 2n })).position!.commit
    } catch (error) {
      if ((error as { code?: number }).code !== 14) throw error
      return again()
    }
  }
  expect(await again()).toBeGreaterThan(position!.commit)
  const revisions = (await collect(server.client.readStream(stream))).map(({ event }) => Number(event?.revision))
  expect(revisions).toEqual([2, 3])
  await server.stop()
})

test('recognises repeated appends with any revision after a restart', async () => {
  const events = numbered(2)
  const stream = newStream()
  const first = await startTestServer({ directory, accessKey: 'k' })
  await first.client.appendToStream(stream, events)
  await first.restart()
  await rejection(collect(first.client.readStream(newStream())))
  const repeated = await first.client
    .appendToStream(stream, events)
    .catch(() => first.client.appendToStream(stream, events))
  expect(repeated.nextExpectedRevision).toBe(1n)
  await first.stop()
})

test('tells clients that do not know the key that they are refused', async () => {
  const store = await start()
  const client = EventStoreDBClient.connectionString(`esdb://127.0.0.1:${store.port}?tls=false`)
  expect(await rejection(client.appendToStream(newStream(), numbered(1)))).toMatchObject({ type: 'access-denied' })
  expect(await rejection(collect(client.readAll()))).toMatchObject({ type: 'access-denied' })
  await client.dispose()
  await store.stop()
})

test('lets everyone in without a key where that is asked for', async () => {
  const store = await start({ accessKey: '' })
  const client = EventStoreDBClient.connectionString(`esdb://127.0.0.1:${store.port}?tls=false`)
  expect(await client.appendToStream(newStream(), numbered(1))).toMatchObject({ success: true })
  await client.dispose()
  await store.stop()
})

test('has one owner per directory, within a process and between processes', async () => {
  const store = await start()
  expect(await rejection(start())).toMatchObject({ code: 'directory-in-use' })
  expect((await rejection(startChildServer(directory))).message).toContain('is in use by process')
  await store.stop()
  const next = await start()
  await next.stop()
})

test('starts at once after its owner was killed', async () => {
  const child = await startChildServer(directory)
  expect((await rejection(start())).message).toContain(`process ${child.process.pid}`)
  await child.kill()
  const store = await start()
  await store.stop()
})

test('says which port is taken', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => taken.once('listening', resolve))
  const { port } = taken.address() as { port: number }
  expect(await rejection(start({ port }))).toMatchObject({ code: 'port-in-use' })
  taken.close()
  const store = await start()
  await store.stop()
})

test('refuses a file of another kind and leaves it as it is', async () => {
  const file = join(directory, 'data.mdb')
  writeFileSync(file, Buffer.alloc(20_000, 'something else '))
  expect(await rejection(start())).toMatchObject({ code: 'foreign-data' })
  expect(readFileSync(file).equals(Buffer.alloc(20_000, 'something else '))).toBe(true)
})

test('refuses an LMDB file that is not its own', async () => {
  const foreign = open({ path: directory, noSubdir: false })
  await foreign.put('key', 'value')
  await foreign.close()
  expect(await rejection(start())).toMatchObject({ code: 'foreign-data' })
})

/** Stops after some appends and tells where the used part of the file ends. */
async function writtenFile() {
  const server = await startTestServer({ directory })
  for (let append = 0; append < 20; append++) await server.client.appendToStream(newStream(), numbered(50))
  await server.client.dispose()
  await server.store.stop()
  const path = join(directory, 'data.mdb')
  const file = openSync(path, 'r')
  const { lastPage, pageSize } = newestMeta(file, path)
  closeSync(file)
  return { path, used: (lastPage + 1) * pageSize }
}

test('refuses a file that has lost its end', async () => {
  const { path, used } = await writtenFile()
  truncateSync(path, used / 2)
  const error = await rejection(start())
  expect(error).toMatchObject({ code: 'torn-data' })
  expect(error.message).toContain('torn')
})

test('starts on a file that has lost only its reserve', async () => {
  const { path, used } = await writtenFile()
  truncateSync(path, used)
  const store = await start()
  await store.stop()
  expect(await checkEventStore(directory)).toMatchObject({ events: 1_001, problems: [] })
})
