import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { EventStoreDBClient } from '@eventstore/db-client'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type EmbeddedEventStore, startEmbeddedEventStore } from '../../../src/embedded/eventstore/index.js'
import { requestScavenge } from '../../../src/embedded/eventstore/operations/requestScavenge.js'
import { collect, numbered, rejection } from '../../support/eventstore/events.js'
import { newStream } from '../../support/eventstore/server.js'

/** What somebody does who takes the server as a library, for tests of his own say. */
let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'eventstore-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const startWith = (options: object): Promise<EmbeddedEventStore> =>
  startEmbeddedEventStore({ directory: join(directory, 'store'), ...options })

const writeAndRead = async (connectionString: string) => {
  const client = EventStoreDBClient.connectionString(connectionString)
  const stream = newStream()
  await client.appendToStream(stream, numbered(2))
  expect(await collect(client.readStream(stream))).toHaveLength(2)
  await client.dispose()
}

describe('an option that cannot be is refused before anything is made:', () => {
  const impossible: [string, object, RegExp][] = [
    ['no directory', { directory: undefined }, /directory of the log is missing/],
    ['an empty directory', { directory: '' }, /directory of the log is missing/],
    ['a port beyond the last', { port: 65_536 }, /port is an integer from 0 to 65535, and not 65536/],
    ['a port as text, which would be taken for the path of a socket', { port: '2113' }, /port is an integer/],
    ['no host', { host: '' }, /option host/],
    ['no room for an append', { maxAppendSize: 0 }, /maxAppendSize is an integer from 1/],
    ['a time that timers take for none', { keepAlive: 2 ** 31 }, /keepAlive is an integer from 1 to 2147483647/],
    ['a time below none', { writeTimeout: -1 }, /writeTimeout is an integer from 1/],
    ['memory without a number', { mappedMemory: Number.NaN }, /mappedMemory is an integer from 0/],
    ['a key that is no header', { accessKey: 'schlüssel' }, /printable ASCII/],
    ['a key with a space', { accessKey: 'a b' }, /no spaces/],
    ['a system projection that is not there', { systemProjections: ['$nothing'] }, /no system projection \$nothing/],
    ['TLS without a password', { tls: { certificate: '', privateKey: '' } }, /password of admin/],
  ]

  test.each(impossible)('%s', async (_, options, message) => {
    expect(await rejection(startWith(options))).toMatchObject({
      code: 'invalid-options',
      message: expect.stringMatching(message),
    })
    expect(readdirSync(directory)).toEqual([])
  })

  test('no options at all', async () => {
    expect(await rejection(startEmbeddedEventStore(undefined as never))).toMatchObject({ code: 'invalid-options' })
  })
})

test('a certificate that is none is refused, and the directory can be used', async () => {
  const tls = { certificate: 'not in PEM form', privateKey: 'neither' }
  expect(await rejection(startWith({ tls, users: { admin: 'secret' } }))).toMatchObject({
    code: 'invalid-options',
    message: expect.stringMatching(/certificate and its private key can't be used/),
  })
  await (await startWith({})).stop()
})

test('an option that is undefined is as one that is not given', async () => {
  const names = ['port', 'host', 'accessKey', 'tls', 'users', 'maxAppendSize', 'writeTimeout', 'keepAlive']
  const all = [...names, 'mappedMemory', 'systemProjections']
  const store = await startWith(Object.fromEntries(all.map((name) => [name, undefined])))
  expect(store.accessKey).not.toBe('')
  await writeAndRead(store.connectionString)
  await store.stop()
})

test('a key of any printable characters comes through the connection string', async () => {
  const store = await startWith({ accessKey: 'a&b=c%2F?#/+~"' })
  await writeAndRead(store.connectionString)
  await store.stop()
})

const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'))

test.each([
  ['localhost', true],
  ['0.0.0.0', true],
  ['::', hasIpv6],
])('a server that listens on %s is reached by its connection string', async (host, isThere) => {
  if (!isThere) return
  const store = await startWith({ host })
  await writeAndRead(store.connectionString)
  await writeAndRead(store.connectionString.replace('esdb:', 'esdb+discover:'))
  await store.stop()
})

test.runIf(hasIpv6)(
  'the connection string of a server on ::1 has it as a URL has it, which not all clients take',
  async () => {
    const store = await startWith({ host: '::1' })
    expect(await requestScavenge(store.connectionString)).toMatchObject({ running: false })
    await store.stop()
  },
)

test('a server ends with the block that holds it, and leaves the directory free', async () => {
  let ended: Promise<unknown> | undefined
  {
    await using store = await startWith({})
    ended = store.ended
  }
  expect(await ended).toBeUndefined()
  await using again = await startWith({})
  expect(again.port).toBeGreaterThan(0)
})

test('a server that is stopped several times stops once', async () => {
  const store = await startWith({})
  await Promise.all([store.stop(), store.stop(), store[Symbol.asyncDispose]()])
  await store.stop()
  expect(readdirSync(join(directory, 'store'))).not.toContain('owner.lock')
})

test('a server that fails says why, and gives the directory back', async () => {
  const path = join(directory, 'store')
  const store = await startWith({ mappedMemory: 0 })
  const client = EventStoreDBClient.connectionString(store.connectionString)
  // With no memory to map it in, the file is opened anew all the time, until it is none.
  renameSync(join(path, 'data.mdb'), join(directory, 'aside'))
  mkdirSync(join(path, 'data.mdb'))
  let isOver = false
  const writing = (async () => {
    while (!isOver) await client.appendToStream(newStream(), numbered(1)).catch(() => undefined)
  })()
  expect(await store.ended).toMatchObject({ code: 'closed', message: expect.stringContaining('has failed') })
  isOver = true
  await writing
  await client.dispose()
  await store.stop()
  rmSync(join(path, 'data.mdb'), { recursive: true })
  renameSync(join(directory, 'aside'), join(path, 'data.mdb'))
  await (await startWith({})).stop()
})

test('servers beside each other keep their events apart', async () => {
  const stores = await Promise.all(['a', 'b'].map((name) => startWith({ directory: join(directory, name) })))
  expect(new Set(stores.map(({ port }) => port)).size).toBe(2)
  // One after the other, since clients of this version hand their batch appends to each other when one fails.
  for (const [index, { connectionString }] of stores.entries()) {
    const client = EventStoreDBClient.connectionString(connectionString)
    await client.appendToStream(`only-${index}`, numbered(1))
    const other = await rejection(collect(client.readStream(`only-${1 - index}`)))
    expect(other).toMatchObject({ type: 'stream-not-found' })
    await client.dispose()
  }
  await Promise.all(stores.map((store) => store.stop()))
})

const countOf = (what: 'fd' | 'task') => readdirSync(`/proc/self/${what}`).length

test.runIf(existsSync('/proc/self/fd'))('servers that have stopped, or never started, leave nothing open', async () => {
  const port = await takePort()
  const round = async () => {
    const store = await startWith({})
    await writeAndRead(store.connectionString)
    expect(await rejection(startWith({}))).toMatchObject({
      code: 'directory-in-use',
      message: expect.stringContaining(`process ${process.pid}, which is this one`),
    })
    await store.stop()
    expect(await rejection(startWith({ port: port.number }))).toMatchObject({ code: 'port-in-use' })
  }
  await round()
  const before = [countOf('fd'), countOf('task')]
  for (let more = 0; more < 4; more++) await round()
  await port.release()
  // The client of each round holds its connection a little longer than it was asked to.
  while (countOf('fd') > before[0]! || countOf('task') > before[1]!)
    await new Promise((resolve) => setTimeout(resolve, 10))
  expect(readdirSync(join(directory, 'store')).sort()).toEqual(['data.mdb', 'journal', 'lock.mdb'])
})

async function takePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  return { number: port, release: () => new Promise((resolve) => server.close(resolve)) }
}
