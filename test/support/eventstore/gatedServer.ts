import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDispatch } from '../../../src/embedded/eventstore/api/dispatch.js'
import { createRoutes } from '../../../src/embedded/eventstore/api/routes.js'
import type { ServerContext } from '../../../src/embedded/eventstore/context.js'
import type { LogWriter } from '../../../src/embedded/eventstore/log/logWriter.js'
import { openLog } from '../../../src/embedded/eventstore/log/openLog.js'
import { createScavenger } from '../../../src/embedded/eventstore/operations/scavenger.js'
import { createGroups } from '../../../src/embedded/eventstore/persistent/groups.js'
import { startSystemProjections } from '../../../src/embedded/eventstore/projections/systemProjections.js'
import { createAuthenticate } from '../../../src/embedded/eventstore/security/principals.js'
import { settingsFor } from '../../../src/embedded/eventstore/settings.js'
import { createCommitFeed } from '../../../src/embedded/eventstore/subscriptions/commitFeed.js'
import type { Call } from '../../../src/embedded/eventstore/wire/call.js'

/** Where a write can be made to wait: before it is decided, or on disk and before it is answered. */
export type Gate = 'decision' | 'answer'

export interface GatedServer {
  readonly port: number
  /** The calls that the server has not done with. */
  readonly calls: ReadonlySet<Call>
  /** Lets no write through until `open`. `waiting` resolves as soon as `count` writes wait. */
  close(gate: Gate): { waiting(count: number): Promise<void>; open(): Promise<void> }
  openGates(): Promise<void>
  stop(): Promise<void>
}

/** The server's own handlers on a real log, in this thread, with gates before and behind each group commit. */
export async function startGatedServer(): Promise<GatedServer> {
  const directory = mkdtempSync(join(tmpdir(), 'eventstore-'))
  const settings = settingsFor({ directory, accessKey: '', writeTimeout: 600_000 })
  const feed = createCommitFeed()
  const log = await openLog(directory, { onCommit: feed.publish })
  const held = new Map<Gate, (() => void)[]>()
  const pass = (gate: Gate, go: () => void) => {
    const queue = held.get(gate)
    if (queue) queue.push(go)
    else go()
  }
  const openGate = async (gate: Gate) => {
    const queue = held.get(gate)
    held.delete(gate)
    for (const go of queue ?? []) go()
    // What has gone through the gate is committed with this, or before it.
    await log.writer.write(() => undefined)
  }
  const writer: LogWriter = {
    ...log.writer,
    submit(job) {
      const committed = () => pass('answer', job.committed)
      pass('decision', () => log.writer.submit({ ...job, committed }))
    },
  }
  const authenticate = createAuthenticate(settings)
  const context: ServerContext = { settings, store: log.store, writer, feed, authenticate, port: 0 }
  const groups = createGroups(context)
  const scavenger = createScavenger(log.store, writer)
  const calls = new Set<Call>()
  const routes = createRoutes(context, groups, scavenger, await startSystemProjections(context))
  const server = createServer()
  server.on('stream', createDispatch(routes, '', calls))
  server.on('session', (session) => session.on('error', () => undefined))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    calls,
    close(gate) {
      const queue: (() => void)[] = []
      held.set(gate, queue)
      return {
        async waiting(count) {
          while (queue.length < count) await new Promise((resolve) => setTimeout(resolve, 1))
        },
        open: () => openGate(gate),
      }
    },
    openGates: async () => {
      for (const gate of [...held.keys()]) await openGate(gate)
    },
    async stop() {
      for (const call of calls) call.fail(new Error('The test is over.'))
      server.close()
      await groups.stop()
      await log.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
