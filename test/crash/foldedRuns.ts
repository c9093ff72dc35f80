import type { StoredEvent } from '../../src/domain/events/recordedEvent.js'
import type { ExecutionState } from '../../src/domain/execution/executionState.js'
import { runsOf } from '../support/execution/openWorkOfLog.js'
import { corpusRunId } from './corpusEngine.js'
import type { CorpusRun } from './corpusRun.js'

/** The corpus runs of a log, by name. */
export const foldedRuns = (runs: readonly CorpusRun[], events: readonly StoredEvent[]): Map<string, ExecutionState> => {
  const byId = new Map(runsOf(events).map((state) => [state.executionId, state]))
  return new Map(
    runs.flatMap((run) => {
      const state = byId.get(corpusRunId(run))
      return state === undefined ? [] : [[run.name, state] as const]
    }),
  )
}
