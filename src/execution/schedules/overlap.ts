import type { RunWriter } from '../../commands/executions/runWriter.js'
import type { ExecutionState } from '../../domain/execution/executionState.js'
import type { JsonObject } from '../../domain/json.js'
import type { OpenWork } from '../openWork.js'
import { cronOf, scheduledRunId } from './times.js'

export interface OverlapDependencies {
  readonly runs: RunWriter
  readonly openWork: Pick<OpenWork, 'openRuns'>
}

/** A schedule of a workflow, whatever its version. */
export interface Schedule {
  readonly workflowId: string
  readonly nodeId: string
  readonly config: JsonObject
}

/** How many earlier times are looked at for one that led to a run, and hints of older ones. */
const lookBack = 10
const hints = 10

const scheduledAt = ({ input }: ExecutionState): number | undefined => {
  const at = (input as { scheduledAt?: unknown } | null)?.scheduledAt
  return typeof at === 'string' ? Date.parse(at) : undefined
}

/**
 * Whether a run of an earlier time of the schedule is under way, or in the queue. The newest ones are found by their derived ids; one
 * that has outlasted many times by the read models, which know what is that old. What they name is read from its stream.
 */
export const earlierIsUnderWay = async (
  { runs, openWork }: OverlapDependencies,
  { workflowId, nodeId, config }: Schedule,
  time: Date,
): Promise<boolean> => {
  for (const earlier of cronOf(config).previousRuns(lookBack, time)) {
    const state = (await runs.find(scheduledRunId(workflowId, nodeId, earlier)))?.state
    if (state !== undefined) return state.phase !== 'ended'
  }
  for (const { executionId } of await openWork.openRuns(workflowId, nodeId, hints)) {
    const state = (await runs.find(executionId))?.state
    const at = state === undefined || state.phase === 'ended' ? undefined : scheduledAt(state)
    if (at !== undefined && at < time.getTime()) return true
  }
  return false
}

/** Whether a queued run has to wait for an earlier one of its own schedule (`overlap: queue`). */
export const isHeldBack = async (
  dependencies: OverlapDependencies,
  state: ExecutionState,
  config: JsonObject,
): Promise<boolean> => {
  const { workflowId, trigger } = state
  if (trigger.type !== 'trigger.schedule' || config.overlap !== 'queue') return false
  const at = scheduledAt(state)
  if (at === undefined) return false
  return earlierIsUnderWay(dependencies, { workflowId, nodeId: trigger.nodeId, config }, new Date(at))
}
