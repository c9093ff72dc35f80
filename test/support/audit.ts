import { createCommandHandler } from '../../src/commands/eventStoreCommandHandler.js'
import { createWorkflowCommands } from '../../src/commands/workflows/createWorkflowCommands.js'
import { createVersionSource } from '../../src/commands/workflows/versionSource.js'
import type { WorkflowOutcome } from '../../src/commands/workflows/workflowCommands.js'
import type { Definition } from '../../src/domain/definition.js'
import { createInMemoryLog, type InMemoryLog } from '../../src/eventlog/inMemory/inMemoryLog.js'
import { testContext } from './commands/context.js'
import { testEngine, testNodeTypes } from './commands/nodeTypes.js'
import { countingIds } from './commands/workflows.js'

/** A log whose clock goes one second further with each append, and the write side of workflows over it. */
export const auditedLog = () => {
  let seconds = 0
  const now = (): Date => new Date(Date.UTC(2026, 0, 1, 0, 0, seconds++))
  const log = createInMemoryLog(now)
  const handler = createCommandHandler({ store: log })
  const versions = createVersionSource({ store: log })
  const ids = countingIds()
  const secretNames = async () => new Set<string>()
  const workflows = createWorkflowCommands({
    handler,
    versions,
    ids,
    nodeTypes: testNodeTypes,
    engine: testEngine,
    secretNames,
  })
  return { log, workflows }
}

/** A workflow whose draft became each of these in turn, with what every command answered. */
export const importedInTurn = async (
  definitions: readonly Definition[],
): Promise<{ log: InMemoryLog; id: string; outcomes: WorkflowOutcome[] }> => {
  const { log, workflows } = auditedLog()
  const created = await workflows.create(testContext(), { name: 'Audited' })
  const outcomes = [created]
  for (const definition of definitions)
    outcomes.push(await workflows.importDefinition(testContext(), created.workflow.id, definition))
  return { log, id: created.workflow.id, outcomes }
}
