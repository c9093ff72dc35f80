import { startEmbeddedEventStore } from '../../src/embedded/eventstore/index.js'
import { createEventStoreDbClient, disposeEventStoreDbClient } from '../../src/eventlog/eventStoreDb/client.js'
import { eventStoreDbStore } from '../../src/eventlog/eventStoreDb/eventStoreDbStore.js'
import { eventStoreDbWorkQueue } from '../../src/eventlog/eventStoreDb/eventStoreDbWorkQueue.js'
import { createRunEngine } from '../../test/support/execution/runEngine.js'
import { newDirectory, removeDirectory } from '../support/program.js'
import { type Figure, measure } from './measure.js'
import type { Workload } from './workloads.js'

const noWork = {
  overdueAttempts: async () => [],
  dueTimers: async () => [],
  queuedStarts: async () => [],
  waitingParents: async () => [],
  openRuns: async () => [],
  activeRuns: async () => 0,
}

/** Commands and executor in this process, the embedded log in its worker; no HTTP, no projections. */
export const runInProcess = async (workload: Workload): Promise<Figure> => {
  const directory = newDirectory()
  const server = await startEmbeddedEventStore({ directory })
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
    await server.stop()
    removeDirectory(directory)
  }
}
