import type { ExecutionState } from '../../domain/execution/executionState.js'
import type { StepExplanation } from '../../domain/execution/explanation.js'
import type { JsonValue } from '../../domain/json.js'
import type { CommandContext } from '../commandHandler.js'

/** What a command led to: the run's state with it, the ETag's revision, the consistency token's position. */
export interface ExecutionResult {
  readonly executionId: string
  readonly state: ExecutionState
  readonly revision: number
  /** Undefined when the command changed nothing (such as pausing a paused run). */
  readonly position: bigint | undefined
  /** The same command had been carried out before; this is its first answer. */
  readonly replayed: boolean
}

export interface StartExecution {
  readonly workflowId: string
  /** Default: null. */
  readonly input?: JsonValue
  /** Default: the published version. */
  readonly version?: number
  /** Id or key of the trigger node. Default: the manual trigger, else the only one. */
  readonly trigger?: string
  /** Default: derived from the workflow and the context's command id, so that a repeated command is the same run. */
  readonly executionId?: string
  readonly parent?: NonNullable<ExecutionState['parent']>
  readonly origin?: NonNullable<ExecutionState['origin']>
  /** Starts in the queue even where no limit asks for it. */
  readonly queued?: boolean
}

export interface SignalExecution {
  readonly executionId: string
  readonly name: string
  readonly payload?: JsonValue
  /** A second signal of the same dedupe id is no signal. */
  readonly dedupeId?: string
}

export interface ResolveStep {
  readonly executionId: string
  readonly nodeId: string
  readonly action: 'retry' | 'complete' | 'skip' | 'fail'
  /** Of `complete`; default null. For a node with several ports an output that is a port's name emits that port. */
  readonly output?: JsonValue
  readonly reason: string
}

/**
 * What can be done with runs. All throw FlowledgerError:
 * - start: `workflow_not_found`, `version_not_found` (404); `not_published`, `workflow_archived`, `ambiguous_trigger` (409);
 *   `trigger_not_found`, `invalid_input` (422); `input_too_large` (413); `concurrency_limit` (429); `overloaded` (503)
 * - the others: `execution_not_found` (404), `execution_ended`, `execution_not_ended`, `execution_not_failed`,
 *   `execution_ending`, `step_not_resolvable` (409), `step_not_found` (404), `payload_too_large` (413)
 */
export interface ExecutionCommands {
  start(context: CommandContext, input: StartExecution): Promise<ExecutionResult>
  /** Resolves when the run has ended, or when the time is over with the state of then. */
  waitForEnd(executionId: string, timeoutMs: number): Promise<ExecutionResult>
  cancel(context: CommandContext, input: { executionId: string; reason?: string }): Promise<ExecutionResult>
  pause(context: CommandContext, input: { executionId: string; reason?: string }): Promise<ExecutionResult>
  resume(context: CommandContext, input: { executionId: string; reason?: string }): Promise<ExecutionResult>
  /** The failed nodes of a failed run again; what is decided is kept. */
  retry(context: CommandContext, input: { executionId: string; reason?: string }): Promise<ExecutionResult>
  signal(context: CommandContext, input: SignalExecution): Promise<ExecutionResult>
  resolveStep(context: CommandContext, input: ResolveStep): Promise<ExecutionResult>
  /** Why a step ran, was skipped, failed or waits. `execution_not_found`, `step_not_found` (404). */
  explain(executionId: string, nodeId: string): Promise<StepExplanation>
  /** The state as the log has it now; `execution_not_found` where there is none. */
  load(executionId: string): Promise<ExecutionResult>
}
