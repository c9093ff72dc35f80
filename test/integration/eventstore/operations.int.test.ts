import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { BACKWARDS, END, type EventStoreDBClient } from '@eventstore/db-client'
import { open } from 'lmdb'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventstoreCommand } from '../../../src/embedded/eventstore/cli.js'
import { backupEventStore } from '../../../src/embedded/eventstore/operations/backup.js'
import { checkEventStore } from '../../../src/embedded/eventstore/operations/check.js'
import { scavengeDirectory } from '../../../src/embedded/eventstore/operations/compact.js'
import { requestScavenge } from '../../../src/embedded/eventstore/operations/requestScavenge.js'
import { collect, numbered, rejection } from '../../support/eventstore/events.js'
import { newStream, startTestServer, type TestServer } from '../../support/eventstore/server.js'

let server: TestServer
let client: EventStoreDBClient
let target: string
beforeEach(async () => {
  server = await startTestServer()
  client = server.client
  target = mkdtempSync(join(tmpdir(), 'eventstore-target-'))
})
afterEach(async () => {
  await server.stop()
  rmSync(target, { recursive: true, force: true })
})

/** Streams with all that a scavenge takes, and what each shows. */
async function fill() {
  const streams = {
    plain: newStream(),
    limited: newStream(),
    truncated: newStream(),
    deleted: newStream(),
    dead: newStream(),
  }
  for (const stream of Object.values(streams)) await client.appendToStream(stream, numbered(50))
  await client.setStreamMetadata(streams.limited, { maxCount: 5 })
  await client.setStreamMetadata(streams.limited, { maxCount: 4 })
  await client.setStreamMetadata(streams.truncated, { truncateBefore: 40 })
  await client.deleteStream(streams.deleted)
  await client.tombstoneStream(streams.dead)
  return streams
}

const shown = async (stream: string) => {
  const forwards = (await collect(client.readStream(stream))).map(({ event }) => Number(event?.revision))
  const backwards = await collect(client.readStream(stream, { direction: BACKWARDS, fromRevision: END }))
  expect(backwards.map(({ event }) => Number(event?.revision)).reverse()).toEqual(forwards)
  return forwards
}

/** 46 of the limited, 40 of the truncated, 49 of the deleted and 50 of the tombstoned stream, and one piece of metadata. */
const HIDDEN = 46 + 40 + 49 + 50 + 1

test('a scavenge of a running server takes what is hidden, and nothing that is shown', async () => {
  const streams = await fill()
  const before = await collect(client.readAll())
  const all = before.length
  const deadEvent = before.find(({ event }) => event?.streamId === streams.dead)
  const { running } = await requestScavenge(server.store.connectionString)
  expect(running).toBe(false)
  const count = async () => (await collect(client.readAll())).length
  while ((await count()) > all - HIDDEN) await new Promise((resolve) => setTimeout(resolve, 10))
  expect(await count()).toBe(all - HIDDEN)
  // A position whose event is gone still says where to read on.
  const { event: gone } = deadEvent!
  const [behind] = await collect(client.readAll({ fromPosition: gone!.position!, maxCount: 1 }))
  expect(behind!.event!.position!.commit).toBeGreaterThan(gone!.position!.commit)
  const [older] = await collect(client.readAll({ direction: BACKWARDS, fromPosition: gone!.position!, maxCount: 1 }))
  const positions = (await collect(client.readAll())).map(({ event }) => event!.position!.commit)
  expect(older!.event!.position!.commit).toBe(positions.findLast((commit) => commit < gone!.position!.commit))
  const subscription = client.subscribeToAll({ fromPosition: gone!.position! })
  expect((await once(subscription, 'data'))[0].event.id).toBe(behind!.event!.id)
  await subscription.unsubscribe()
  expect(await shown(streams.plain)).toHaveLength(50)
  expect(await shown(streams.limited)).toEqual([46, 47, 48, 49])
  expect(await shown(streams.truncated)).toEqual([40, 41, 42, 43, 44, 45, 46, 47, 48, 49])
  expect(await rejection(shown(streams.deleted))).toMatchObject({ type: 'stream-not-found' })
  expect(await rejection(shown(streams.dead))).toMatchObject({ type: 'stream-deleted' })
  await server.restart()
  const next = () => client.appendToStream(streams.deleted, numbered(1))
  expect((await next().catch(next)).nextExpectedRevision).toBe(50n)
  expect((await checkEventStore(server.directory)).problems).toEqual([])
})

test('a scavenge is refused to strangers', async () => {
  const url = `esdb://127.0.0.1:${server.store.port}?tls=false&connectionName=guess`
  expect((await rejection(requestScavenge(url))).message).toContain('access key')
})

test('a scavenge says why it cannot reach a server', async () => {
  const unreachable = requestScavenge('esdb://127.0.0.1:1?tls=false')
  expect((await rejection(unreachable)).message).toMatch(/cannot be reached: connect ECONNREFUSED/)
})

test('a scavenge of a directory without a store makes none', async () => {
  expect(await rejection(scavengeDirectory(join(target, 'typo'), true))).toMatchObject({ code: 'foreign-data' })
  expect(readdirSync(target)).toEqual([])
})

test('a backup of a store in use is whole, and a server starts from it', async () => {
  const streams = await fill()
  let over = false
  const writing = (async () => {
    while (!over) await client.appendToStream(newStream(), numbered(3))
  })()
  await backupEventStore(server.directory, target)
  over = true
  await writing
  const { problems, events } = await checkEventStore(target)
  expect(problems).toEqual([])
  expect(events).toBeGreaterThanOrEqual(250)
  expect(await rejection(backupEventStore(server.directory, target))).toMatchObject({ code: 'directory-in-use' })
  const { removed } = await scavengeDirectory(target, false)
  expect(removed).toBe(HIDDEN)
  expect(await shown(streams.plain)).toHaveLength(50)
})

test('a backup into a directory that can not be made is refused', async () => {
  // Linux says of the second for ever that its parent is missing.
  const impossible = [join(server.directory, 'data.mdb', 'copy'), '/proc/none/copy']
  for (const path of impossible) {
    expect(await rejection(backupEventStore(server.directory, path))).toMatchObject({
      code: 'directory-unusable',
      message: expect.stringContaining(path),
    })
  }
})

test('a backup and a check of a store that is written have all that was answered before', async () => {
  const positions: number[] = []
  let over = false
  const write = async () => {
    while (!over) positions.push(Number((await client.appendToStream(newStream(), numbered(2))).position?.commit))
  }
  const writing = Promise.all(Array.from({ length: 8 }, write))
  for (let round = 0; round < 6; round++) {
    const enough = positions.length + 100
    while (positions.length < enough) await new Promise((resolve) => setTimeout(resolve, 1))
    const answered = Math.max(...positions)
    const checked = await checkEventStore(server.directory)
    expect(checked.problems).toEqual([])
    expect(checked.events).toBeGreaterThanOrEqual(answered)
    const copy = join(target, String(round))
    await backupEventStore(server.directory, copy)
    const { problems, events } = await checkEventStore(copy)
    expect(problems).toEqual([])
    expect(events).toBeGreaterThanOrEqual(checked.events)
  }
  over = true
  await writing
})

test('a scavenge of a directory can shrink its file', async () => {
  for (let round = 0; round < 20; round++) {
    const stream = newStream()
    await client.appendToStream(stream, numbered(200))
    await client.tombstoneStream(stream)
  }
  await client.dispose()
  await server.store.stop()
  const size = () => statSync(join(server.directory, 'data.mdb')).size
  const before = size()
  expect(await scavengeDirectory(server.directory, true)).toMatchObject({ removed: 4_000, streams: 20 })
  expect(size()).toBeLessThan(before / 3)
  expect((await checkEventStore(server.directory)).problems).toEqual([])
})

test('a scavenge of a directory in use is refused', async () => {
  expect(await rejection(scavengeDirectory(server.directory, false))).toMatchObject({ code: 'directory-in-use' })
})

test('a check finds damaged, missing and unknown events', async () => {
  const stream = newStream()
  await client.appendToStream(stream, numbered(5))
  await backupEventStore(server.directory, target)
  const root = open<Buffer, Buffer>({
    path: target,
    noSubdir: false,
    encoding: 'binary',
    keyEncoding: 'binary',
    maxDbs: 8,
    remapChunks: true,
  })
  const tables = { encoding: 'binary', keyEncoding: 'binary' } as const
  const log = root.openDB('log', tables)
  const index = root.openDB('index', tables)
  const [, second, third, fourth] = [...log.getRange({ limit: 5 })]
  const damaged = Buffer.from(second!.value)
  damaged[damaged.length - 1]! ^= 1
  await log.put(second!.key, damaged)
  await log.remove(third!.key)
  for (const { key, value } of index.getRange({})) if (value.equals(fourth!.key)) await index.remove(key)
  await root.close()
  const { problems } = await checkEventStore(target)
  expect(problems.some((problem) => problem.includes('position 2 is damaged'))).toBe(true)
  expect(problems.some((problem) => problem.includes('missing at position 3'))).toBe(true)
  expect(problems.some((problem) => problem.includes('at position 4, is not in the index'))).toBe(true)
  expect(problems.some((problem) => problem.includes('lacks the events from 2 to 2'))).toBe(true)
})

const CLI =
  "import { eventstoreCommand } from './src/embedded/eventstore/cli.ts'; await eventstoreCommand().parseAsync(process.argv.slice(1), { from: 'user' })"
const cliArguments = (args: string[]) => ['--import', 'tsx', '--input-type=module', '-e', CLI, '--', ...args]

test('the commands say what they have done', async () => {
  await fill()
  const run = async (...args: string[]) => (await promisify(execFile)(process.execPath, cliArguments(args))).stdout
  expect(await run('backup', server.directory, target)).toContain('Copied')
  expect(await run('check', target)).toMatch(/\d+ events in \d+ streams, no problems/)
  expect(await run('scavenge', target, '--shrink')).toContain(`Removed ${HIDDEN} events of 5 streams`)
  expect(await run('scavenge', server.store.connectionString)).toContain('has started')
})

const refused: [string, string[], RegExp][] = [
  ['with an empty key, which would let in everyone', ['--access-key', ''], /A key is not empty/],
  ['an open server with a key', ['--open', '--access-key', 'k'], /cannot be used with/],
  ['a certificate without its key', ['--tls-cert', 'cert.pem'], /go together/],
  ['TLS without a password', ['--tls-cert', 'cert.pem', '--tls-key', 'key.pem'], /set EVENTSTORE_ADMIN_PASSWORD/],
  ['a projection that is not there', ['--projections', '$nothing'], /There is no system projection \$nothing/],
]

test.each(refused)('the command refuses to serve %s', async (_, options, message) => {
  const command = eventstoreCommand().exitOverride()
  for (const one of command.commands) one.exitOverride().configureOutput({ writeErr: () => undefined })
  const served = command.parseAsync(['serve', target, '--port', '0', ...options], { from: 'user' })
  expect((await rejection(served)).message).toMatch(message)
  expect(readdirSync(target)).toEqual([])
})

const unscavengeable: [string, string[], RegExp][] = [
  ['a connection string without a host', ['esdb://'], /does not name one server/],
  ['several servers', ['esdb://a:1,b:2?tls=false'], /does not name one server/],
  ['to shrink the file of a running server', ['esdb://127.0.0.1:1?tls=false', '--shrink'], /has stopped/],
]

test.each(unscavengeable)('the command refuses to scavenge %s', async (_, args, message) => {
  const scavenged = eventstoreCommand().parseAsync(['scavenge', ...args], { from: 'user' })
  expect((await rejection(scavenged)).message).toMatch(message)
})

test('a scavenge asked of a server without TLS says that the connection string asks for TLS', async () => {
  const asking = requestScavenge(server.store.connectionString.replace('tls=false', 'tls=true'))
  expect((await rejection(asking)).message).toMatch(/cannot be reached over TLS, which tls=false switches off/)
})

test('the command serves a directory until it is told to stop', async () => {
  const child = spawn(process.execPath, cliArguments(['serve', target, '--port', '0', '--access-key', 'k']))
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const url = /esdb:\S+/.exec(line.toString())![0]
  expect(url).toContain('connectionName=k')
  expect(await requestScavenge(url)).toMatchObject({ running: false })
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([0, null])
  expect((await checkEventStore(target)).problems).toEqual([])
})
