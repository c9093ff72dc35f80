import type { EventData } from '../../events/catalogue/index.js'
import { advanceAll } from '../advance.js'
import { absentExecution } from '../executionState.js'
import { jsonBytes } from '../jsonSize.js'
import { runLimits } from '../limits.js'
import { beginRun, decisionOf, emit, later, type Run, type RunDecision, type RunEnvironment } from '../run.js'
import type { RunPlan } from '../runPlan.js'
import { runTimerId } from '../timerIds.js'

/** The run's own time begins when it starts, not while it is queued. */
export const scheduleRunTimeout = (run: Run): void => {
  const { timeoutMs } = run.plan.definition.settings
  if (timeoutMs === undefined) return
  const dueAt = later(run.env.now, timeoutMs)
  emit(run, { type: 'TimerScheduled', data: { timerId: runTimerId, kind: 'runTimeout', dueAt } })
}

/** A run from its trigger as far as it goes at once. */
export const decideStart = (
  started: EventData<'ExecutionStarted'>,
  plan: RunPlan,
  env: RunEnvironment,
): RunDecision => {
  const run = beginRun(absentExecution, plan, env)
  emit(run, { type: 'ExecutionStarted', data: started }, jsonBytes(started.input, runLimits.event))
  if (!started.queued) {
    scheduleRunTimeout(run)
    advanceAll(run)
  }
  return decisionOf(run)
}
