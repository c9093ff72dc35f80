/**
 * A process with one attempt in flight: it starts a run on the log at argv[2], says so on its output, and says when the
 * attempt's signal aborts. Neither the executors' group nor a scan tells it anything: only what it follows of the log.
 */
import { createEventStoreDbClient } from '../../../src/eventlog/eventStoreDb/client.js'
import { eventStoreDbFeed } from '../../../src/eventlog/eventStoreDb/eventStoreDbFeed.js'
import { eventStoreDbStore } from '../../../src/eventlog/eventStoreDb/eventStoreDbStore.js'
import { hangingWorkflow, nothingToConsume, noWork } from './abortedAttempt.js'
import { createRunEngine } from './runEngine.js'
import { effectType, testNodeTypes } from './testNodeTypes.js'

const client = createEventStoreDbClient(process.argv[2] ?? '')
const tell = (line: string) => process.stdout.write(`${line}\n`)
const engine = createRunEngine({
  workflows: { w: hangingWorkflow() },
  store: eventStoreDbStore(client),
  feed: eventStoreDbFeed(client),
  queue: nothingToConsume,
  openWork: noWork,
  sole: false,
  scanMs: 3_600_000,
  nodeTypes: testNodeTypes(
    effectType(({ executionId, signal }) => {
      tell(executionId)
      return new Promise((resolve) => signal.addEventListener('abort', () => resolve('given up')))
    }),
  ),
})
const { executionId } = await engine.start('w')
const { outcome } = await engine.end(executionId, 60_000)
tell(String(outcome))
await engine.stop()
await client.dispose()
