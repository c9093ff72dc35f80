import type { CommandContext } from '../commands/commandHandler.js'
import type { StartExecution } from '../commands/executions/executionCommands.js'
import type { RunWriter } from '../commands/executions/runWriter.js'
import { FlowledgerError } from '../domain/errors.js'
import type { NodeError } from '../domain/events/catalogue/execution.js'
import { decideCancel } from '../domain/execution/decide/controls.js'
import type { ExecutionState } from '../domain/execution/executionState.js'
import type { JsonValue } from '../domain/json.js'
import type { ContextFor } from './executorContext.js'

/** Runs below one another. Publishing refuses recursion; two that are published at the same moment may still start each other. */
export const maxDepth = 32

/** How a child run ended, or that it could not be started. */
export type ChildEnd = { readonly output: JsonValue } | { readonly error: NodeError }

const child = (code: string, message: string, details: JsonValue): NodeError => ({
  class: 'child',
  code,
  message,
  details,
})

/** The end of a child run; undefined while it is under way. */
export const endOf = ({ phase, outcome, executionId, output, error }: ExecutionState): ChildEnd | undefined => {
  if (phase !== 'ended') return undefined
  if (outcome === 'completed') return { output: output ?? null }
  const details = { executionId, error: (error ?? null) as JsonValue }
  if (outcome === 'cancelled') return { error: child('subworkflow_cancelled', 'the child run was cancelled', details) }
  if (outcome === 'timedOut') return { error: child('subworkflow_timed_out', 'the child run timed out', details) }
  return { error: child('subworkflow_failed', error?.message ?? 'the child run failed', details) }
}

export interface ChildStarter {
  readonly runs: RunWriter
  /** Starts without asking about load: what has begun goes on. */
  readonly start: (context: CommandContext, request: StartExecution) => Promise<{ readonly state: ExecutionState }>
  readonly contextFor: ContextFor
}

/** A child run to be started. */
export interface ChildToStart {
  readonly executionId: string
  readonly workflowId: string
  readonly version?: number | undefined
  readonly input: JsonValue
  /** The node of the parent, and which of its child runs it is. */
  readonly nodeId: string
  readonly iteration: number
}

/** Starts a child, or finds it started. A refusal is how the child ended; what may pass is thrown. */
export const startChild = async (
  { runs, start, contextFor }: ChildStarter,
  parent: ExecutionState,
  { executionId, workflowId, version, input, nodeId, iteration }: ChildToStart,
): Promise<ChildEnd | undefined> => {
  const depth = (parent.parent?.depth ?? 0) + 1
  if (depth > maxDepth) {
    return { error: child('subworkflow_too_deep', `there are ${maxDepth} runs above it already`, { workflowId }) }
  }
  const request: StartExecution = {
    workflowId,
    input,
    executionId,
    parent: { executionId: parent.executionId, nodeId, iteration, depth },
    ...(version === undefined ? undefined : { version }),
  }
  try {
    await start(contextFor(parent), request)
    return endOf((await runs.load(executionId, Number.POSITIVE_INFINITY)).state)
  } catch (error) {
    if (!(error instanceof FlowledgerError) || error.kind === 'unavailable') throw error
    // It may have been started before, here or elsewhere: its id is derived, so it is there once.
    const started = await runs.find(executionId)
    if (started !== undefined) return endOf(started.state)
    if (error.kind === 'tooMany') throw error
    return { error: child(error.code, error.message, { workflowId }) }
  }
}

/** Cancels a child that is under way. */
export const cancelChild = async ({ runs, contextFor }: ChildStarter, executionId: string): Promise<void> => {
  const state = (await runs.find(executionId))?.state
  if (state === undefined || state.phase === 'ended') return
  await runs.change(executionId, contextFor(state), (newest, plan, env) =>
    newest.phase === 'ended'
      ? { events: [], cut: false }
      : decideCancel(newest, plan, env, 'its parent needs it no more'),
  )
}
