import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { startEmbeddedEventStore } from '../../src/embedded/eventstore/index.js'
import { startEmbeddedMongo } from '../../src/embedded/mongo/index.js'
import { startEmbeddedPostgres } from '../../src/embedded/postgres/index.js'
import { createEventStoreDbClient, disposeEventStoreDbClient } from '../../src/eventlog/eventStoreDb/client.js'
import { eventStoreDbStore } from '../../src/eventlog/eventStoreDb/eventStoreDbStore.js'
import { eventStoreDbWorkQueue } from '../../src/eventlog/eventStoreDb/eventStoreDbWorkQueue.js'
import { startProjectorWorker } from '../../src/projections/startProjectorWorker.js'
import { createRunEngine } from '../../test/support/execution/runEngine.js'
import { newDirectory, removeDirectory } from '../support/program.js'
import { type Figure, measure } from './measure.js'
import type { Workload } from './workloads.js'

const noWork = {
  overdueAttempts: async () => [],
  attemptsOfOthers: async () => [],
  dueTimers: async () => [],
  queuedStarts: async () => [],
  waitingParents: async () => [],
  openRuns: async () => [],
  activeRuns: async () => 0,
}

/** The read side's stores, and its projector in its worker, as in the program. */
const startProjections = async (directory: string, eventstoreUrl: string) => {
  const folder = (name: string) => {
    mkdirSync(join(directory, name), { mode: 0o700 })
    return join(directory, name)
  }
  const postgres = await startEmbeddedPostgres({ directory: folder('postgres') })
  const mongo = await startEmbeddedMongo({ directory: folder('mongo') })
  const projector = await startProjectorWorker(
    { eventstoreUrl, postgresUrl: postgres.connectionString, mongoUrl: mongo.connectionString },
    (line) => process.stderr.write(`${line}\n`),
    (error) => {
      throw error
    },
  )
  return async () => {
    await projector.stop()
    await mongo.stop()
    await postgres.stop()
  }
}

/** Commands and executor in this process, the embedded log in its worker; no HTTP. */
export const runInProcess = async (workload: Workload, { projections }: { projections: boolean }): Promise<Figure> => {
  const directory = newDirectory()
  const server = await startEmbeddedEventStore({ directory: join(directory, 'eventstore') })
  const stopProjections = projections ? await startProjections(directory, server.connectionString) : undefined
  const client = createEventStoreDbClient(server.connectionString)
  const engine = createRunEngine({
    workflows: { w: workload.definition, ...(workload.child === undefined ? {} : { child: workload.child }) },
    store: eventStoreDbStore(client),
    queue: eventStoreDbWorkQueue(client),
    openWork: noWork,
  })
  try {
    return await measure(workload, async () => {
      const { executionId } = await engine.start('w', workload.input)
      const state = await engine.end(executionId, 120_000)
      if (state.outcome !== 'completed')
        throw new Error(`a run is ${state.outcome ?? state.phase}: ${JSON.stringify(state.error)}`)
    })
  } finally {
    await engine.stop()
    await disposeEventStoreDbClient(client)
    await stopProjections?.()
    await server.stop()
    removeDirectory(directory)
  }
}
