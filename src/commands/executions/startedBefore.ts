import { FlowledgerError } from '../../domain/errors.js'
import { type CommandContext, isRepeatable } from '../commandHandler.js'
import type { ExecutionResult } from './executionCommands.js'
import type { RunPlans } from './runPlans.js'
import type { RunWriter } from './runWriter.js'

/**
 * The answer to a start that is refused now. One that was carried out before is answered as it was then: its workflow may have been
 * withdrawn since, or have no place for another run. Any other throws its refusal.
 */
export const answerOfBefore = async (
  { runs, plans }: { readonly runs: RunWriter; readonly plans: RunPlans },
  context: CommandContext,
  executionId: string,
  refusal: unknown,
): Promise<ExecutionResult> => {
  const isRefused = refusal instanceof FlowledgerError && refusal.kind !== 'unavailable'
  const started = isRefused && isRepeatable(context) ? await runs.find(executionId) : undefined
  if (started === undefined) throw refusal
  const { plan } = await plans.pinned(started.state.workflowId, started.state.version)
  return runs.begin(executionId, context, plan, () => {
    throw refusal
  })
}
