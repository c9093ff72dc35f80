import { type Document, isDocument } from '../values/document.js'
import type { Command } from './command.js'
import { sessionIn } from './command.js'

/** We speak as MongoDB 8.0 does, of which this server is a part only. */
export const VERSION = '8.0.0'
const WIRE_VERSION = 25

/** A standalone server: no `setName`, so no client tries transactions or retryable writes. */
const describe = (connectionId: number): Document => ({
  helloOk: true,
  isWritablePrimary: true,
  ismaster: true,
  maxBsonObjectSize: 16_777_216,
  maxMessageSizeBytes: 48_000_000,
  maxWriteBatchSize: 100_000,
  localTime: new Date(),
  logicalSessionTimeoutMinutes: 30,
  connectionId,
  minWireVersion: 0,
  maxWireVersion: WIRE_VERSION,
  readOnly: false,
  ok: 1,
})

const hello: Command = { run: (_context, { connectionId }) => describe(connectionId) }

const ping: Command = { fields: [], run: () => ({ ok: 1 }) }

const buildInfo: Command = {
  fields: [],
  run: () => ({
    version: VERSION,
    versionArray: [...VERSION.split('.').map(Number), 0],
    gitVersion: 'embedded',
    modules: [],
    bits: 64,
    debug: false,
    maxBsonObjectSize: 16_777_216,
    storageEngines: ['lmdb'],
    ok: 1,
  }),
}

/** Sessions hold nothing here but the cursors that were opened in them. */
const endSessions: Command = {
  run: ({ cursors }, { body, name }) => {
    const sessions = body[name]
    for (const lsid of Array.isArray(sessions) ? sessions.filter(isDocument) : []) {
      const session = sessionIn({ lsid })
      if (session !== undefined) cursors.killSession(session)
    }
    return { ok: 1 }
  },
}

export const handshakeCommands: Readonly<Record<string, Command>> = {
  hello,
  ismaster: hello,
  isMaster: hello,
  ping,
  buildInfo,
  buildinfo: buildInfo,
  endSessions,
}
