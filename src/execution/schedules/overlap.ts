import { Cron } from 'croner'
import { v5 as uuidv5 } from 'uuid'
import type { RunWriter } from '../../commands/executions/runWriter.js'
import { FlowledgerError } from '../../domain/errors.js'
import type { ExecutionState } from '../../domain/execution/executionState.js'
import type { JsonObject } from '../../domain/json.js'

/** The times of a schedule's config. Computed in its time zone, daylight saving included. */
export const cronOf = ({ cron, timezone }: JsonObject): Cron =>
  new Cron(String(cron), { timezone: typeof timezone === 'string' ? timezone : 'UTC', paused: true })

/** The run of one time of one schedule: whichever process starts it, and however often, it is the same run. */
export const scheduledRunId = (workflowId: string, nodeId: string, time: Date): string =>
  uuidv5(`schedule:${nodeId}:${time.toISOString()}`, workflowId)

/** How many earlier times are looked at for one that led to a run. */
const lookBack = 50

const load = async (runs: RunWriter, executionId: string): Promise<ExecutionState | undefined> => {
  try {
    return (await runs.load(executionId)).state
  } catch (error) {
    if (error instanceof FlowledgerError && error.code === 'execution_not_found') return undefined
    throw error
  }
}

/** Whether the schedule's newest run before `time` is still under way, or in the queue. */
export const earlierIsUnderWay = async (
  runs: RunWriter,
  { workflowId, nodeId, config }: { readonly workflowId: string; readonly nodeId: string; readonly config: JsonObject },
  time: Date,
): Promise<boolean> => {
  for (const earlier of cronOf(config).previousRuns(lookBack, time)) {
    const state = await load(runs, scheduledRunId(workflowId, nodeId, earlier))
    if (state !== undefined) return state.phase !== 'ended'
  }
  return false
}

/** Whether a queued run has to wait for an earlier one of its own schedule (`overlap: queue`). */
export const isHeldBack = async (
  runs: RunWriter,
  { workflowId, trigger, input }: ExecutionState,
  config: JsonObject,
): Promise<boolean> => {
  if (trigger.type !== 'trigger.schedule' || config.overlap !== 'queue') return false
  const scheduledAt = (input as { scheduledAt?: unknown } | null)?.scheduledAt
  if (typeof scheduledAt !== 'string') return false
  return earlierIsUnderWay(runs, { workflowId, nodeId: trigger.nodeId, config }, new Date(scheduledAt))
}
