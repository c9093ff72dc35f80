import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startEmbeddedEventStore } from '../../../src/embedded/eventstore/index.js'
import { createEventStoreDbClient } from '../../../src/eventlog/eventStoreDb/client.js'
import { eventStoreDbStore } from '../../../src/eventlog/eventStoreDb/eventStoreDbStore.js'
import { hangingWorkflow, nothingToConsume, noWork } from '../../support/execution/abortedAttempt.js'
import { createRunEngine } from '../../support/execution/runEngine.js'

const script = fileURLToPath(new URL('../../support/execution/attemptProcess.ts', import.meta.url))

describe('a run that another process cancels', () => {
  let directory = ''
  let server: Awaited<ReturnType<typeof startEmbeddedEventStore>>

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'flowledger-cancel-'))
    server = await startEmbeddedEventStore({ directory })
  })
  afterAll(async () => {
    await server.stop()
    await rm(directory, { recursive: true, force: true })
  })

  it('ends as soon as the process with its attempt has heard of that through the log', async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', script, server.connectionString], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const exited = once(child, 'exit')
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    const executionId = (await lines.next()).value as string

    const client = createEventStoreDbClient(server.connectionString)
    const here = createRunEngine({
      workflows: { w: hangingWorkflow() },
      store: eventStoreDbStore(client),
      queue: nothingToConsume,
      openWork: noWork,
      sole: false,
      executes: false,
    })
    await here.commands.cancel(here.context(), { executionId, reason: 'from elsewhere' })
    expect((await lines.next()).value).toBe('cancelled')
    expect((await exited)[0]).toBe(0)
    await here.stop()
    await client.dispose()
  }, 60_000)
})
