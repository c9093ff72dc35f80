import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EventStoreDBClient, type JSONEventData } from '@eventstore/db-client'
import { afterEach, expect, test } from 'vitest'
import { checkEventStore } from '../../../src/embedded/eventstore/operations/check.js'
import { type ChildServer, startChildServer } from '../../support/eventstore/childServer.js'
import { collect, numbered } from '../../support/eventstore/events.js'
import { newStream } from '../../support/eventstore/server.js'

const KILLS = 20
const WRITERS = 32
/** Events that are acknowledged between two kills, at least. */
const EACH_ROUND = 500

const directory = mkdtempSync(join(tmpdir(), 'eventstore-'))
let server: ChildServer | undefined
afterEach(async () => {
  await server?.kill()
  rmSync(directory, { recursive: true, force: true })
})

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

interface Writer {
  readonly stream: string
  readonly acknowledged: string[]
}

interface Round {
  over: boolean
  /** Resolves when the server is there again. */
  serving: Promise<unknown>
}

/** Appends on and on, and repeats what it has no answer to: the same events at the same revision. */
async function write(client: EventStoreDBClient, { stream, acknowledged }: Writer, round: Round) {
  let pending: JSONEventData[] = []
  while (!round.over || pending.length > 0) {
    if (pending.length === 0) pending = numbered(1 + (acknowledged.length % 3), 'Counted', acknowledged.length)
    const last = acknowledged.length - 1
    try {
      await client.appendToStream(stream, pending, { expectedRevision: last < 0 ? 'no_stream' : BigInt(last) })
      acknowledged.push(...pending.map(({ id }) => id))
      pending = []
    } catch (error) {
      const { type, code } = error as { type?: string; code?: number }
      if (type !== 'unavailable' && type !== 'cancelled' && code !== 14) throw error
      await round.serving
    }
  }
}

test(`killed ${KILLS} times under ${WRITERS} writers, it loses, doubles and reorders nothing`, async () => {
  server = await startChildServer(directory)
  const { port } = server
  const client = EventStoreDBClient.connectionString(server.connectionString)
  const writers = Array.from({ length: WRITERS }, (): Writer => ({ stream: newStream(), acknowledged: [] }))
  const round: Round = { over: false, serving: Promise.resolve() }
  const writing = Promise.all(writers.map((writer) => write(client, writer, round)))
  const acknowledged = () => writers.reduce((sum, writer) => sum + writer.acknowledged.length, 0)
  for (let kill = 0; kill < KILLS; kill++) {
    const enough = acknowledged() + EACH_ROUND
    while (acknowledged() < enough) await pause(5)
    const killed = server
    round.serving = killed.kill().then(async () => {
      server = await startChildServer(directory, { port })
    })
    await round.serving
  }
  round.over = true
  await writing

  let total = 0
  for (const { stream, acknowledged } of writers) {
    const stored = (await collect(client.readStream(stream))).map(({ event }) => event!.id)
    expect(stored).toEqual(acknowledged)
    total += stored.length
  }
  expect(total).toBeGreaterThanOrEqual(KILLS * EACH_ROUND)
  await client.dispose()
  expect((await checkEventStore(directory)).problems).toEqual([])
}, 300_000)
