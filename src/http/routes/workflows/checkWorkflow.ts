import type { WorkflowCommands } from '../../../commands/workflows/workflowCommands.js'
import { notFound } from '../../../domain/errors.js'

export const workflowNotFound = (): Error => notFound('workflow_not_found', 'There is no such workflow.')

/** An empty list of a workflow's things is 404 where there is no workflow. A minute-old answer is good: none is ever deleted. */
export const checkWorkflow = async (workflows: WorkflowCommands, id: string): Promise<void> => {
  if ((await workflows.load(id, { maxAgeMs: 60_000 })) === undefined) throw workflowNotFound()
}
