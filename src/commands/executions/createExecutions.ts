import type { ExpressionEngine } from '../../domain/expressions/expressionEngine.js'
import type { ExecutableNodeTypes } from '../../domain/nodes/behaviour.js'
import type { EventFeed } from '../../eventlog/eventFeed.js'
import type { CommandContext, CommandHandler } from '../commandHandler.js'
import type { ConcurrencyGate } from './concurrency.js'
import { createExecutionCommands } from './createExecutionCommands.js'
import type { ExecutionCommands, ExecutionResult, StartExecution } from './executionCommands.js'
import { type CountActiveRuns, createLocalGate } from './localGate.js'
import { createRunHub, type RunHub } from './runHub.js'
import { createRunPlans, type PlanSource, type RunPlans } from './runPlans.js'
import { createRunWriter, type RunWriter } from './runWriter.js'
import { createSharedGate } from './sharedGate.js'
import { sharedLookup } from './sharedLookup.js'
import { type AdmitStart, type FindWorkflow, startExecution } from './startExecution.js'
import { createEndWaiter } from './waitForEnd.js'

export interface ExecutionsDependencies {
  readonly handler: CommandHandler
  /** The same object for the same version as long as it is kept: plans are cached by it. */
  readonly versions: PlanSource
  readonly findWorkflow: FindWorkflow
  readonly nodeTypes: ExecutableNodeTypes
  readonly engine: ExpressionEngine
  readonly countActive: CountActiveRuns
  /** Refuses starts from outside while too much is waiting. */
  readonly admit: AdmitStart
  /** Whether other processes start or execute runs of this log too. */
  readonly elsewhere: boolean
  readonly feed: Pick<EventFeed, 'subscribe' | 'head'>
  readonly unexpected: (error: unknown) => void
}

/** The write side of runs in one process. An executor in the same process is given the same parts. */
export interface Executions {
  readonly commands: ExecutionCommands
  readonly runs: RunWriter
  readonly plans: RunPlans
  readonly hub: RunHub
  readonly gate: ConcurrencyGate
  /** A start by the program itself: it does not ask about the load. */
  startChild(context: CommandContext, request: StartExecution): Promise<ExecutionResult>
  close(): Promise<void>
}

export const createExecutions = (dependencies: ExecutionsDependencies): Executions => {
  const { handler, engine, elsewhere, countActive, admit, feed, unexpected } = dependencies
  const hub = createRunHub()
  const plans = createRunPlans(dependencies)
  const runs = createRunWriter({ handler, plans, engine, hub })
  const gate = elsewhere ? createSharedGate({ hub, feed, runs, unexpected }) : createLocalGate({ hub, countActive })
  const waiter = createEndWaiter({ runs, hub, elsewhere })
  // Many starts of one workflow at once must not each read it.
  const findWorkflow = sharedLookup(dependencies.findWorkflow)
  const start = { runs, plans, findWorkflow, gate }
  return {
    commands: createExecutionCommands({ ...start, admit, waiter }),
    runs,
    plans,
    hub,
    gate,
    startChild: (context, request) => startExecution({ ...start, admit: () => undefined }, context, request),
    close: async () => {
      waiter.close()
      await gate.close()
    },
  }
}
