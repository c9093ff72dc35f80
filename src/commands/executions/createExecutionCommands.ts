import { v5 as uuidv5 } from 'uuid'
import { FlowledgerError, notFound } from '../../domain/errors.js'
import { decideCancel, decidePause, decideResume, decideRetry } from '../../domain/execution/decide/controls.js'
import { decideResolution } from '../../domain/execution/decide/resolveStep.js'
import { decideSignal } from '../../domain/execution/decide/signals.js'
import { explainStep } from '../../domain/execution/explanation.js'
import { jsonBytes } from '../../domain/execution/jsonSize.js'
import { runLimits } from '../../domain/execution/limits.js'
import type { JsonValue } from '../../domain/json.js'
import type { ExecutionCommands } from './executionCommands.js'
import type { RunWriter } from './runWriter.js'
import { type StartDependencies, startExecution } from './startExecution.js'
import type { EndWaiter } from './waitForEnd.js'

export interface ExecutionCommandsDependencies extends StartDependencies {
  readonly runs: RunWriter
  readonly waiter: EndWaiter
}

const checkPayload = (payload: JsonValue): void => {
  if (jsonBytes(payload, runLimits.input) > runLimits.input) {
    throw new FlowledgerError('tooLarge', 'payload_too_large', `It may have ${runLimits.input} bytes.`)
  }
}

/** The commands on runs over the write path. */
export const createExecutionCommands = (dependencies: ExecutionCommandsDependencies): ExecutionCommands => {
  const { runs, plans, waiter } = dependencies
  return {
    start: (context, input) => startExecution(dependencies, context, input),
    waitForEnd: (executionId, timeoutMs) => waiter.waitForEnd(executionId, timeoutMs),
    cancel: (context, { executionId, reason }) =>
      runs.change(executionId, context, (state, plan, env) => decideCancel(state, plan, env, reason)),
    pause: (context, { executionId, reason }) =>
      runs.change(executionId, context, (state, plan, env) => decidePause(state, plan, env, reason)),
    resume: (context, { executionId, reason }) =>
      runs.change(executionId, context, (state, plan, env) => decideResume(state, plan, env, reason)),
    retry: (context, { executionId, reason }) =>
      runs.change(executionId, context, (state, plan, env) => decideRetry(state, plan, env, reason)),
    signal: async (context, { executionId, name, payload = null, dedupeId = null }) => {
      checkPayload(payload)
      const signal = { signalId: uuidv5('signal', context.commandId), name, payload, dedupeId }
      return runs.change(executionId, context, (state, plan, env) => decideSignal(state, plan, env, signal))
    },
    resolveStep: async (context, { executionId, ...resolution }) => {
      checkPayload(resolution.output ?? null)
      return runs.change(executionId, context, (state, plan, env) => decideResolution(state, plan, env, resolution))
    },
    explain: async (executionId, nodeId) => {
      const { state } = await runs.load(executionId)
      const { plan } = await plans.pinned(state.workflowId, state.version)
      if (!plan.byId.has(nodeId)) throw notFound('step_not_found', 'The run has no such step.')
      return explainStep(state, plan, nodeId)
    },
    load: (executionId) => runs.load(executionId),
  }
}
