import type { CommandContext } from '../commands/commandHandler.js'
import type { WorkflowCommands } from '../commands/workflows/workflowCommands.js'
import { githubTriage } from './githubTriage.js'

/** A workflow that a stranger can run at once: created, saved and published. Answers with its id. */
export const seedExample = async (
  workflows: WorkflowCommands,
  contextOf: (name: string) => CommandContext,
): Promise<string> => {
  const created = await workflows.create(contextOf('create the example'), githubTriage)
  const workflowId = created.workflow.id
  const { version } = await workflows.saveVersion(contextOf('save the example'), workflowId, { label: 'example' })
  await workflows.publish(contextOf('publish the example'), workflowId, version.number)
  return workflowId
}
