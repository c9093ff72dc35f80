import { once } from 'node:events'
import { mkdirSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { serialize } from 'bson'
import { MongoClient } from 'mongodb'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type EmbeddedMongo, startEmbeddedMongo } from '../../../src/embedded/mongo/index.js'
import { runScript } from '../../support/embedded/childScript.js'
import { temporaryFolder } from '../../support/embedded/temporaryFolder.js'

const start = async (directory: string, log: (line: string) => void = () => undefined): Promise<EmbeddedMongo> => {
  const mongo = await startEmbeddedMongo({ directory, log })
  onTestFinished(() => mongo.stop())
  return mongo
}

const clientOf = async (mongo: EmbeddedMongo): Promise<MongoClient> => {
  const client = await new MongoClient(mongo.connectionString, { serverSelectionTimeoutMS: 5_000 }).connect()
  onTestFinished(() => client.close())
  return client
}

const socketOf = (mongo: EmbeddedMongo): string =>
  decodeURIComponent(mongo.connectionString.replace(/^mongodb:\/\/([^/]+)\/.*$/, '$1'))

describe('the embedded MongoDB server', () => {
  it('keeps documents and indexes over a restart, on a private socket, also where the path is long', async () => {
    const directory = join(temporaryFolder(), 'far '.repeat(30))
    mkdirSync(directory, { mode: 0o700 })
    const first = await start(directory)
    expect(statSync(socketOf(first)).mode & 0o777).toBe(0o600)
    const things = (await clientOf(first)).db().collection('things')
    await things.createIndex({ k: 1 }, { unique: true })
    await things.insertOne({ k: 'v' })
    await first.stop()
    const again = (await clientOf(await start(directory))).db().collection('things')
    expect(await again.findOne({ k: 'v' })).toMatchObject({ k: 'v' })
    await expect(again.insertOne({ k: 'v' })).rejects.toMatchObject({ code: 11000 })
  })

  it('loses nothing that it acknowledged, and tears no index, when it is killed under writers', async () => {
    const directory = temporaryFolder()
    const owner = runScript('writeToMongo.ts', [directory])
    const lines = () => owner.lines.filter((line) => line.startsWith('acknowledged'))
    await owner.waitFor(() => lines().length >= 300)
    owner.kill('SIGKILL')
    await owner.exited
    const written = (await clientOf(await start(directory))).db().collection<{ _id: number; n: number }>('written')
    const byId = await written.find().toArray()
    const kept = new Map(byId.map(({ _id, n }) => [_id, n]))
    const acknowledged = lines().map((line) => Number(line.split(' ')[1]))
    expect(acknowledged.filter((id) => kept.get(id) !== (id % 1_000_000) + 0.5)).toEqual([])
    const throughIndex = await written.find().sort({ n: -1 }).toArray()
    expect(new Set(throughIndex.map(({ _id }) => _id))).toEqual(new Set(kept.keys()))
    expect(throughIndex.map(({ n }) => n)).toEqual(byId.map(({ n }) => n).sort((a, b) => b - a))
    for (const { _id, n } of byId.slice(-20)) {
      expect(await written.countDocuments({ writer: Math.floor(_id / 1_000_000), n })).toBe(1)
    }
  })
})

const message = (opcode: number, content: Buffer, length = content.length + 16): Buffer => {
  const head = Buffer.alloc(16)
  head.writeInt32LE(length, 0)
  head.writeInt32LE(7, 4)
  head.writeInt32LE(opcode, 12)
  return Buffer.concat([head, content])
}
const flags = (value = 0): Buffer => Buffer.from([value & 255, (value >> 8) & 255, 0, 0])
const body = (bytes: Buffer | Uint8Array): Buffer => Buffer.concat([flags(), Buffer.of(0), bytes])
const ping = serialize({ ping: 1, $db: 'admin' })

const HOSTILE: [string, Buffer][] = [
  ['a length of zero', message(2013, body(ping), 0)],
  ['a negative length', message(2013, body(ping), -5)],
  ['a length beyond 48 MB', message(2013, body(ping), 2_000_000_000)],
  ['an unknown operation', message(2012, body(ping))],
  ['nothing', message(2013, Buffer.alloc(0))],
  ['no section', message(2013, flags())],
  ['unknown required flags', message(2013, Buffer.concat([flags(8), Buffer.of(0), ping]))],
  ['an unknown section', message(2013, Buffer.concat([flags(), Buffer.of(9), ping]))],
  ['two bodies', message(2013, Buffer.concat([body(ping), Buffer.of(0), ping]))],
  ['a section that is longer than the message', message(2013, body(Buffer.from('ffffff7f', 'hex')))],
  ['a sequence without name', message(2013, Buffer.concat([body(ping), Buffer.from('0106000000ffff', 'hex')]))],
  [
    'a legacy query of a collection',
    message(2004, Buffer.concat([flags(), Buffer.from('a.b\0'), Buffer.alloc(8), ping])),
  ],
]

/** BSON that is no document: answered with an error, the connection lives. */
const MALFORMED: [string, string][] = [
  ['an unknown type', '0a0000006061000100000000'.slice(0, 20)],
  ['a string that is too long', '100000000261000000ff7f7800000000'],
  ['a name without end', '0800000010616161'],
  ['an inner document that is too long', '0d00000003610010000000000000'.slice(0, 26)],
]

describe('hostile bytes', () => {
  it('end their connection, or are answered with an error; the server goes on', async () => {
    const mongo = await start(temporaryFolder())
    const path = socketOf(mongo)
    for (const [name, bytes] of HOSTILE) {
      const socket = connect(path)
      socket.on('error', () => undefined)
      socket.write(bytes)
      const closed = await Promise.race([
        once(socket, 'close').then(() => true),
        once(socket, 'data').then(() => false),
      ])
      expect([name, closed]).toEqual([name, true])
    }
    for (const [name, hex] of MALFORMED) {
      const socket = connect(path)
      socket.write(message(2013, body(Buffer.from(hex, 'hex'))))
      const [reply] = await once(socket, 'data')
      expect([name, String(reply).includes('InvalidBSON')]).toEqual([name, true])
      socket.destroy()
    }
    const unfinished = Array.from({ length: 20 }, () => {
      const socket = connect(path)
      socket.on('error', () => undefined)
      socket.write(message(2013, Buffer.alloc(1_000_000), 47_000_000))
      return socket
    })
    const client = await clientOf(mongo)
    expect(await client.db().command({ ping: 1 })).toMatchObject({ ok: 1 })
    for (const socket of unfinished) socket.destroy()
    for (const checksummed of [true, false]) {
      const content = Buffer.concat([flags(checksummed ? 1 : 0), Buffer.of(0), ping, Buffer.alloc(checksummed ? 4 : 0)])
      const socket = connect(path)
      for (const byte of message(2013, content)) socket.write(Buffer.of(byte))
      const [reply] = await once(socket, 'data')
      expect(reply.readInt32LE(8)).toBe(7)
      socket.destroy()
    }
  })
})
